# SPDX-License-Identifier: Apache-2.0
# Output to the journal: through the relay, on the unit's own stream, from the foreground.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    forget case
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
}

@test "with the default driver /dev/stdout and /proc/self/fd/1 can be reopened, by any user" {
    for user in 0 app; do
        {
            printf '[Container]\nImage=%s\nNetwork=none\nUser=%s\n' $image $user
            printf 'Exec=sh -c %s\n' "'echo one; echo two > /dev/stdout; echo three > /proc/self/fd/1; echo four >&2'"
        } | quadlet case.container
        lab systemctl start case
        until_true 5 lab sh -c 'journalctl -b -u case | grep -q four'
        for word in one two three four; do
            [ "$(lab journalctl -b --no-pager -o cat -u case | grep -c "^$word\$")" = 1 ]
        done
        forget case
        lab journalctl --rotate --vacuum-time=1us >/dev/null 2>&1
    done
}

@test "lines carry the container's fields, and errors their priority" {
    {
        printf '[Container]\nImage=%s\nNetwork=none\nContainerName=named\n' $image
        printf 'Exec=sh -c %s\n' "'echo to-out; echo to-err >&2; sleep 1000'"
    } | quadlet case.container
    lab systemctl start case
    until_true 5 lab sh -c 'journalctl -b CONTAINER_NAME=named | grep -q to-err'
    id=$(lab berth ps -q --no-trunc)
    lab journalctl -b --no-pager -o json "CONTAINER_ID_FULL=$id" > "$BATS_TEST_TMPDIR/lines"
    jq -se 'map(select(.MESSAGE == "to-out")) | .[0] | .PRIORITY == "6" and .OBJECT_SYSTEMD_UNIT == "case.service"' "$BATS_TEST_TMPDIR/lines"
    jq -se 'map(select(.MESSAGE == "to-err")) | .[0] | .PRIORITY == "3"' "$BATS_TEST_TMPDIR/lines"
    run lab systemctl status --no-pager case
    [[ $output == *to-out* ]]
    run --separate-stderr lab berth logs named
    [ "$output" = to-out ]
    [ "$stderr" = to-err ]
}

@test "passthrough writes on the unit's own stream" {
    {
        printf '[Container]\nImage=%s\nNetwork=none\nLogDriver=passthrough\n' $image
        printf 'Exec=sh -c %s\n' "'echo straight; sleep 1000'"
    } | quadlet case.container
    lab systemctl start case
    until_true 5 lab sh -c 'journalctl -b -u case _TRANSPORT=stdout | grep -q straight'
    run lab berth logs systemd-case
    [[ $output == *straight* ]]
}

@test "berth logs -f follows to the end" {
    lab berth run -d --name follow --network none $image sh -c 'for i in 1 2 3; do echo n$i; sleep 0.2; done' > /dev/null
    run lab timeout 20 berth logs -f follow
    [ "$status" = 0 ]
    [ "$output" = "$(printf 'n1\nn2\nn3')" ]
    lab berth rm -f follow
}

@test "a relay that is killed ten times loses no line of a writer at 10,000 lines a second" {
    count=60000
    {
        printf '[Container]\nImage=%s\nNetwork=none\nContainerName=writer\nVolume=%s:/probe:ro\n' $image "$BERTH_TEST_WORK/probe"
        printf 'Exec=/probe lines %s 10000\n' $count
    } | quadlet case.container
    lab systemctl start case
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        sleep 0.4
        lab systemctl kill -s KILL berth-relay.service
    done
    until_true 60 sh -c "[ \"\$(sh $top/data/private-systemd.sh exec $BERTH_SYSTEMD systemctl show -P ActiveState case)\" = inactive ]"
    until_true 60 lab sh -c "journalctl -b -o cat CONTAINER_NAME=writer | tail -1 | grep -q '^line $count '"
    lab journalctl -b --no-pager -o cat CONTAINER_NAME=writer | grep '^line ' > "$BATS_TEST_TMPDIR/all"
    distinct=$(awk '{print $2}' "$BATS_TEST_TMPDIR/all" | sort -un | wc -l)
    echo "lines: $(wc -l < "$BATS_TEST_TMPDIR/all"), distinct: $distinct"
    [ "$distinct" = $count ]
    [ "$(property berth-relay NRestarts)" -ge 10 ]
}

@test "a line longer than a pipe arrives in parts, an unfinished one at the end" {
    lab berth run --rm --name long --network none $image \
        sh -c 'head -c 100000 /dev/zero | tr "\0" x; echo; printf unfinished' > /dev/null
    until_true 5 lab sh -c 'journalctl -b -o cat CONTAINER_NAME=long | grep -q unfinished'
    [ "$(lab journalctl -b -o cat --no-pager -a CONTAINER_NAME=long | tr -d '\n' | tr -cd x | wc -c)" = 100000 ]
}

@test "logs: --since, --until, --names, --latest" {
    lab berth run -d --name early --network none $image sh -c 'echo one; sleep 1.5; echo two; sleep 100' > /dev/null
    until_true 10 lab sh -c 'berth logs early | grep -q two'
    between=$(lab berth logs -t early | head -1 | cut -d' ' -f1)
    after=$(date -u -d "$between + 1 second" +%FT%T.%NZ)
    [ "$(lab berth logs --until "$after" early)" = one ]
    [ "$(lab berth logs --since "$after" early)" = two ]
    [ "$(lab berth logs -l -n --tail 1)" = "early two" ]
    [[ $(lab berth logs --names --color --tail 1 early) == *$'\033['*early*two ]]
    run lab berth logs --until nonsense early
    [ "$status" = 125 ]
    run lab berth logs
    [[ $output == *"specify at least one container name or ID to log"* ]]
    lab berth rm -f -t 0 early
}

@test "k8s-file keeps the lines in a file that logs reads, from a service and from the foreground" {
    lab berth run -d --name filed --network none --log-driver k8s-file $image sh -c 'echo one; echo two >&2; printf part; sleep 0.2; echo ial; sleep 1000'
    until_true 5 lab sh -c 'berth logs filed 2>/dev/null | grep -q partial'
    run --separate-stderr lab berth logs filed
    [ "$output" = $'one\npartial' ]
    [ "$stderr" = two ]
    path=$(lab berth inspect filed --format '{{.HostConfig.LogConfig.Path}}')
    [ "$(lab berth inspect filed --format '{{.HostConfig.LogConfig.Type}}')" = k8s-file ]
    lab grep -Eq '^20[0-9-]+T[0-9:.]+\+00:00 stdout F one$' "$path"
    lab grep -q ' stderr F two$' "$path"
    [ "$(lab berth logs --tail 1 filed)" = partial ]
    [[ $(lab berth logs -t --tail 1 filed) == 20*T*" partial" ]]
    # none of it went to the journal
    lab journalctl --sync
    [ -z "$(lab journalctl -q -b -o cat CONTAINER_NAME=filed)" ]
    lab berth rm -f -t 0 filed
    lab test ! -e "$path"
    lab berth run --name front --network none --log-driver json-file --log-opt path=/tmp/front.log $image sh -c 'echo fore; printf end'
    lab grep -q ' stdout F fore$' /tmp/front.log
    lab grep -q ' stdout P end$' /tmp/front.log
    [ "$(lab berth logs front)" = $'fore\nend' ]
    lab berth rm front
    lab rm -f /tmp/front.log
}

@test "a log file does not outgrow max-size, and its lines outlive the relay's death" {
    lab berth run -d --name small --network none --log-driver k8s-file --log-opt max-size=2k --log-opt path=/tmp/small.log $image sh -c 'i=0; while [ $i -lt 200 ]; do echo "line $i"; i=$((i+1)); done; while [ ! -e /go ]; do sleep 0.1; done; echo after; sleep 1000'
    until_true 10 lab grep -q 'line 199' /tmp/small.log
    [ "$(lab stat -c %s /tmp/small.log)" -le 2048 ]
    [ "$(lab berth inspect small --format '{{.HostConfig.LogConfig.Size}}')" != 0B ]
    lab systemctl kill -s KILL berth-relay.service
    lab berth exec small touch /go
    until_true 10 lab grep -q ' F after$' /tmp/small.log
    lab berth rm -f -t 0 small
    lab rm -f /tmp/small.log
}

@test "a terminal without a client writes to the log and is not hung up" {
    for driver in journald k8s-file; do
        lab berth run -dt --name term --network none --log-driver $driver $image sh -c 'tty; trap "echo hung; exit 1" HUP; sleep 0.3; echo still; while :; do sleep 0.1; done'
        until_true 10 lab sh -c 'berth logs term | grep -q still'
        [[ $(lab berth logs term) == /dev/pts/0*still* ]]
        lab systemctl kill -s KILL berth-relay.service
        [ "$(lab berth exec term sh -c 'echo later > /proc/1/fd/1; echo ok')" = ok ]
        until_true 10 lab sh -c 'berth logs term | grep -q later'
        [ "$(lab berth ps --format '{{.State}}')" = running ]
        lab berth rm -f -t 0 term
    done
}

@test "driver none has no logs, an unknown driver is an error" {
    lab berth run --name mute --network none --log-driver none $image echo said
    run lab berth logs mute
    [ "$status" = 125 ]
    [ "$output" = "Error: this container is using the 'none' log driver, cannot read logs: this container is not logging output" ]
    lab berth rm mute
    run lab berth run --rm --network none --log-driver nosuch $image true
    [ "$status" = 125 ]
    [[ $output == *"invalid log driver"*nosuch* ]]
    lab berth run --rm --network none --log-driver passthrough-tty $image true
}
