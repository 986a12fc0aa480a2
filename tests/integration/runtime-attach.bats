# SPDX-License-Identifier: Apache-2.0
# Input for containers that run without a client: the relay holds the ends.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
}

@test "-d -i waits for input, attach brings it, its end is the container's" {
    lab berth run -di --name reader --network none $image sh -c 'while read -r line; do echo "got $line"; done; echo over; exit 6'
    [ "$(lab berth ps --format '{{.State}}')" = running ]
    lab systemctl kill -s KILL berth-relay.service # what it holds is in the fd store
    run lab sh -c 'printf "one\ntwo\n" | timeout 30 berth attach reader'
    [ "$status" = 6 ]
    [ "$output" = $'got one\ngot two\nover' ]
    [ "$(lab berth inspect reader --format '{{.State.ExitCode}}')" = 6 ]
    run lab berth attach reader
    [ "$status" = 125 ]
}

@test "without stdin nothing of ours goes in, and a container without -i has none" {
    lab berth run -di --name still --network none $image sh -c 'read -r line; echo "got $line"'
    run lab sh -c 'echo no | timeout --preserve-status -s KILL 2 berth attach --no-stdin --sig-proxy=false still'
    [ "$(lab berth ps --format '{{.State}}')" = running ]
    run lab sh -c 'echo yes | timeout 30 berth attach still'
    [ "$output" = "got yes" ]
    lab berth run -d --name deaf --network none $image sh -c 'sleep 0.5; read -r line || echo none'
    run lab sh -c 'echo x | timeout 30 berth attach deaf'
    [ "$output" = none ]
}

@test "a terminal is shown as it is written, and is left by the detach keys" {
    lab berth run -dit --name term --network none $image sh
    # the shell's prompt and echo are no whole lines
    run lab sh -c '{ sleep 0.5; echo "echo a\$((1+1))b"; sleep 0.5; printf "\020\021"; sleep 1; } | timeout 30 berth attach term'
    [ "$status" = 0 ]
    [[ $output == *a2b* ]]
    [ "$(lab berth ps --format '{{.State}}')" = running ]
    run lab sh -c '{ sleep 0.3; echo "echo again"; sleep 0.3; printf x; sleep 1; } | timeout 30 berth attach --detach-keys x term'
    [ "$status" = 0 ]
    [[ $output == *again* ]]
    run lab sh -c '{ sleep 0.3; echo "exit 7"; sleep 1; } | timeout 30 berth attach term'
    [ "$status" = 7 ]
    until_true 5 lab sh -c 'berth logs term | grep -q a2b'
    run lab berth attach --detach-keys xx term
    [ "$status" = 125 ]
    run lab berth attach
    [ "$output" = 'Error: "berth attach" requires a name, id, or the "--latest" flag' ]
}

@test "start -a attaches to what runs" {
    lab berth run -di --name still --network none $image sh -c 'read -r line; echo "got $line"; exit 5'
    run lab sh -c 'echo yes | timeout 30 berth start -a -i still'
    [ "$status" = 5 ]
    [ "$output" = "got yes" ]
    lab berth run -dit --name term --network none $image sh
    run lab sh -c '{ sleep 0.5; printf x; sleep 1; } | timeout 30 berth start -a -i --detach-keys x term'
    [ "$status" = 0 ]
    [ "$(lab berth inspect --format '{{.State.Running}}' term)" = true ]
}
