# SPDX-License-Identifier: Apache-2.0
# --runtime: our containers by another OCI runtime, and by ourselves as one.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    forget x-web
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
    # nothing of the bundle stays mounted, and the other runtime knows nothing any more
    [ "$(lab grep -c '/run/berth/containers' /proc/self/mountinfo)" = 0 ]
}

@test "--runtime crun and berth-oci: status, streams, user, filter, leftovers" {
    for program in crun /usr/bin/berth-oci; do
        run lab berth --runtime $program run --rm --network none --user app $image sh -c 'id; grep Seccomp: /proc/self/status; touch /tmp/x 2> /dev/null; echo error >&2; exit 7'
        echo "$program: $output"
        [ "$status" = 7 ]
        [[ $output == *"uid=1000(app) gid=1000(app) groups=2000(extra)"* ]]
        [[ $output =~ Seccomp:.2 ]]
        [[ $output == *error* ]]
        [ -z "$(lab ls /run/berth/containers)" ]
        [ -z "$(lab $program list -q)" ]
    done
    run lab berth --runtime nosuch run --rm --network none $image true
    [ "$status" = 125 ]
    [[ $output == *nosuch* ]]
    run lab berth --runtime crun run --rm --network none $image nosuch
    [ "$status" != 0 ]
    [ -z "$(lab ls /run/berth/containers)" ]
}

@test "a service by crun: started, stopped by its signal, its status is the unit's" {
    quadlet x-web.container << E
[Container]
Image=$image
ContainerName=x-web
Network=none
GlobalArgs=--runtime crun
Exec=sh -c 'trap "exit 7" TERM; echo up; while :; do sleep 0.1; done'
E
    lab systemctl start x-web
    [ "$(property x-web ActiveState)" = active ]
    [[ $(lab berth ps --format '{{.Names}}') == *x-web* ]]
    [ "$(lab berth exec x-web id -u)" = 0 ]
    until_true 10 lab sh -c 'journalctl -u x-web | grep -q " up$"'
    lab systemctl stop x-web
    [ "$(property x-web ExecMainStatus)" = 7 ]
    [ -z "$(lab ls /run/berth/containers)" ]
}
