# SPDX-License-Identifier: Apache-2.0
# The files of containers: diff, cp, export.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
    lab rm -rf /tmp/files
    lab mkdir -p /tmp/files
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
    lab rm -rf /tmp/files
}

sleeper() { # NAME [FLAGS...]
    local name=$1
    shift
    lab berth run -d --name "$name" --network none "$@" $image sleep 1000
}

@test "diff tells added, changed and deleted files" {
    sleeper diff1
    [ -z "$(lab berth diff diff1 | grep -v '^[AC] /etc$')" ]
    lab berth exec diff1 sh -c 'mkdir -p /new/dir; echo x > /new/dir/file; rm /bin/true; ln -s /nowhere /new/link'
    out=$(lab berth diff diff1)
    for line in 'A /new' 'A /new/dir' 'A /new/dir/file' 'A /new/link' 'C /bin' 'D /bin/true'; do
        grep -qx "$line" <<< "$out"
    done
    lab berth stop -t 0 diff1
    [ "$(lab berth container diff diff1)" = "$out" ]
    json=$(lab berth diff --format json diff1)
    [ "$(jq -r '.deleted[]' <<< "$json")" = /bin/true ]
    [ "$(jq -r '.added | index("/new/link") != null' <<< "$json")" = true ]
}

@test "diff tells what a directory that was made anew hides" {
    sleeper diff2
    lab berth exec diff2 sh -c 'mkdir /keep; cp /bin/busybox /keep/busybox; /keep/busybox rm -r /bin; /keep/busybox mkdir /bin; echo > /bin/sh'
    out=$(lab berth diff diff2)
    grep -qx 'C /bin' <<< "$out"
    grep -qx 'C /bin/sh' <<< "$out"
    grep -qx 'D /bin/true' <<< "$out"
}

@test "diff refuses other formats and unknown containers" {
    sleeper diff3
    run lab berth diff --format foo diff3
    [ "$status" = 125 ]
    [ "$output" = "Error: only supported value for '--format' is 'json'" ]
    run lab berth diff nobody
    [ "$status" = 125 ]
    [[ $output == *'no container with name or ID "nobody" found: no such container' ]]
}
