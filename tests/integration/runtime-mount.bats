# SPDX-License-Identifier: Apache-2.0
# A container's files on the host: mount, unmount, init, cleanup.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
}

@test "mounts are counted, listed, and shared with the start" {
    id=$(lab berth create --name one --network none $image sh -c 'cat /from-host; echo inside > /from-inside; sleep 1000')
    [ -z "$(lab berth mount)" ]
    path=$(lab berth mount one)
    [ "$(lab berth mount one)" = "$path" ]
    [ "$(lab berth mount)" = "${id:0:12}  $path" ]
    lab berth mount --format json | jq -e --arg id "$id" --arg path "$path" '.[0].id == $id and .[0].mountpoint == $path and .[0].Names == ["one"]'
    [ "$(lab berth inspect one --format '{{.GraphDriver.Data.MergedDir}}')" = "$path" ]
    lab sh -c "echo hello > $path/from-host"
    [ "$(lab berth unmount one)" = one ]
    lab test -e "$path/from-host"
    lab berth start one
    until_true 5 lab test -e "$path/from-inside"
    until_true 5 lab sh -c 'berth logs one | grep -q hello'
    # one file system, not two over the same upper
    lab sh -c "echo live > $path/live"
    [ "$(lab berth exec one cat /live)" = live ]
    lab berth unmount one
    run lab test -e "$path/from-host"
    [ "$status" != 0 ]
    [ -z "$(lab berth mount)" ]
}

@test "a running container shows its own mount, which goes with the container" {
    lab berth run -d --name two --network none $image sleep 1000
    path=$(lab berth mount two)
    lab berth exec two sh -c 'echo seen > /seen'
    [ "$(lab cat "$path/seen")" = seen ]
    lab berth stop -t 0 two
    [ "$(lab cat "$path/seen")" = seen ]
    [ "$(lab berth exec two true 2>&1 || true)" != "" ]
    lab berth rm two
    run lab grep -c "$path" /proc/self/mountinfo
    [ "$output" = 0 ]
    run lab berth mount nosuch
    [ "$status" = 125 ]
    run lab berth mount --format xx
    [ "$output" = 'Error: unknown --format argument: "xx"' ]
}

@test "init prepares once, cleanup takes it back" {
    id=$(lab berth create --name three --network none $image sleep 1000)
    [ "$(lab berth init three)" = three ]
    [ "$(lab berth ps -a --format '{{.State}} {{.Status}}')" = "initialized Initialized" ]
    run lab berth init three
    [ "$status" = 125 ]
    [ "$output" = "Error: container $id has already been created in runtime: container state improper" ]
    lab berth start three
    [ "$(lab berth inspect three --format '{{.State.Status}}')" = running ]
    lab berth stop -t 0 three
    lab berth mount three
    [ "$(lab berth container cleanup three)" = three ]
    [ -z "$(lab berth mount)" ]
    [ "$(lab berth container cleanup --rm three)" = three ]
    run lab berth container exists three
    [ "$status" = 1 ]
}
