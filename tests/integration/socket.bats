#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# PublishSocket=: ports that a socket unit holds, for payloads that take sockets and for those that do not.
bats_require_minimum_version 1.5.0

load systemd-lib.bash
load user-lib.bash

user=berth-socket

setup_file() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    make_user 500000
}

teardown_file() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    drop_user
}

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab systemctl stop web.socket web.service web-forward.service 2> /dev/null || true
    forget web
}

# web PROBE-ARGUMENTS [LINE...]: the unit file, its socket listening
web() {
    local arguments=$1
    shift
    { printf '%s\n' '[Container]' "Image=$image" Network=none PublishSocket=yes PublishPort=127.0.0.1:18080:8080 \
        "Volume=$BERTH_TEST_WORK/probe:/probe:ro" "Exec=/probe $arguments"
        printf '%s\n' "$@"; } | quadlet web.container
    lab systemctl start web.socket
}

get() {
    lab curl -sS -m 20 http://127.0.0.1:18080/
}

# load SECONDS: in the background; its result is in $load_log
load_begin() {
    load_log=$(mktemp)
    lab python3 "$BATS_TEST_DIRNAME/load.py" http://127.0.0.1:18080/ 200 "$1" > "$load_log" 3>&- &
    load_pid=$!
}

# load_end REFUSED FAILED-AT-MOST
load_end() {
    wait $load_pid
    echo "# $BATS_TEST_DESCRIPTION: $(cat "$load_log")" >&3
    read -r _ sent _ ok _ refused _ failed _ < "$load_log"
    [ "$sent" -gt 0 ]
    [ "$refused" -eq "$1" ]
    [ "$failed" -le "$2" ]
    [ $((ok + failed + refused)) -eq "$sent" ]
    rm -f "$load_log"
}

is_active() {
    [ "$(property "$1" ActiveState)" = active ]
}

is_inactive() {
    [ "$(property "$1" ActiveState)" = inactive ]
}

@test "the first connection starts the service, and a payload without a network answers" {
    web "who 8080 first"
    is_inactive web.service
    [[ $(get) == "first 127.0.0.1" ]]
    is_active web.service
    is_active web-forward.service
    [[ $(get) == "first 127.0.0.1" ]]
    # the process of the forwarder that is in the container's namespaces is not seen from inside
    [ "$(lab berth exec systemd-web ps -o comm | grep -c -e probe -e ps)" -eq 2 ]
    [ "$(lab berth exec systemd-web ps -o comm | wc -l)" -eq 3 ]
}

@test "a payload that takes the socket gets it, and sees who asks" {
    web "held mine"
    [[ $(get) == "mine 127.0.0.1" ]]
    for i in 1 2 3 4 5; do [[ $(get) == "mine 127.0.0.1" ]]; done
}

@test "nobody is refused while a payload with the socket restarts and its image changes" {
    web "held mine"
    get
    load_begin 6
    for i in 1 2 3; do
        sleep 1
        lab systemctl restart web.service
    done
    lab podman tag $image localhost/berth-test:other
    lab sed -i 's/berth-test:1/berth-test:other/' /etc/containers/systemd/web.container
    lab systemctl daemon-reload
    lab systemctl restart web.service
    load_end 0 0
    lab podman untag localhost/berth-test:other localhost/berth-test:other
}

@test "nobody is refused while a payload that listens by itself restarts" {
    web "who 8080 other"
    get
    load_begin 5
    for i in 1 2 3; do
        sleep 1
        lab systemctl restart web.service
    done
    # what the payload had begun when it was killed is lost, no more than that
    load_end 0 12
}

@test "stopped by hand, it comes back with the next connection; killed launchers and forwarders too" {
    web "who 8080 back"
    get
    lab systemctl stop web.service
    [[ $(get) == "back 127.0.0.1" ]]
    lab systemctl kill -s KILL web-forward.service
    [[ $(get) == "back 127.0.0.1" ]]
    lab systemctl kill -s KILL web.service
    [[ $(get) == "back 127.0.0.1" ]]
}

@test "an idle service is stopped, and starts again" {
    web "who 8080 idle" StopWhenIdle=2s
    get
    until_true 20 is_inactive web.service
    until_true 20 is_inactive web-forward.service
    [ "$(property web.service Result)" = success ]
    is_active web.socket
    [[ $(get) == "idle 127.0.0.1" ]]
}

@test "a service is not idle while somebody is connected" {
    web "held busy" StopWhenIdle=1s
    lab bash -ec 'exec 5<> /dev/tcp/127.0.0.1/18080; printf "GET" >&5; sleep 1.5; systemctl is-active web.service; printf " / HTTP/1.0\r\n\r\n" >&5; cat <&5' | grep -q "busy 127.0.0.1"
    until_true 20 is_inactive web.service
}

@test "a service that fails does not close the socket" {
    web "exit 3" '[Service]' Restart=no
    lab timeout 5 bash -c 'exec 5<> /dev/tcp/127.0.0.1/18080; cat <&5' || true
    is_active web.socket
    lab systemctl stop web.service
}

@test "stopping the socket gives up the port" {
    web "who 8080 end"
    get
    lab systemctl stop web.socket
    until_true 10 is_inactive web-forward.service
    lab systemctl stop web.service
    run lab curl -sS -m 5 http://127.0.0.1:18080/
    [ "$status" -eq 7 ]
}

@test "of an unprivileged user: the first connection starts it, it restarts unnoticed and stops when idle" {
    as mkdir -p $BERTH_TEST_WORK/home-$user/.config/containers/systemd
    { printf '%s\n' '[Container]' "Image=$image" Network=none PublishSocket=yes PublishPort=127.0.0.1:18080:8080 \
        "Volume=$BERTH_TEST_WORK/probe:/probe:ro" "Exec=/probe who 8080 own" StopWhenIdle=3s; } |
        as sh -c "cat > $BERTH_TEST_WORK/home-$user/.config/containers/systemd/web.container"
    as systemctl --user daemon-reload
    as systemctl --user start web.socket
    [[ $(get) == "own 127.0.0.1" ]]
    as systemctl --user restart web.service
    [[ $(get) == "own 127.0.0.1" ]]
    until_true 20 as sh -c '[ "$(systemctl --user is-active web.service)" = inactive ]'
    [[ $(get) == "own 127.0.0.1" ]]
    as systemctl --user stop web.socket web.service web-forward.service
}
