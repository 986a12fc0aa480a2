#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many starts and stops, in a row and at once: afterwards the host is as it was before.
bats_require_minimum_version 1.5.0

load systemd-lib.bash

setup() {
    need_systemd
    lab systemctl reset-failed # what other tests left
    in_a_row=50 at_once=30
    [ -z "${BERTH_TEST_LONG:-}" ] || in_a_row=1000 at_once=100
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab sh -c 'systemctl stop "leak-*"; rm -f /etc/containers/systemd/leak-*; systemctl daemon-reload; systemctl reset-failed "leak-*"' 2> /dev/null || true
}

# Whatever a start could leave behind, one kind a line, with the number of it.
traces() {
    lab sh -c '
        count() { echo "$1 $(wc -l)"; }
        cut -d" " -f5 /proc/self/mountinfo | count mounts
        find /run/berth -mindepth 1 ! -path "/run/berth/*seccomp*" | count run
        find /run/berth* /run/netns /var/lib/containers/storage/berth -mindepth 1 2> /dev/null | grep -v seccomp | count files
        ls /var/lib/containers/storage/overlay /var/lib/containers/storage/overlay-containers | count store
        find /sys/fs/cgroup -type d -path "*leak*" | count cgroups
        ip -o link | count links
        lsns -t net -n -o NS | count netns
        ls /proc/1/fd | count manager-fds
        ls /proc/$(systemctl show -P MainPID berth-relay.service)/fd 2> /dev/null | count relay-fds
        nft list ruleset 2> /dev/null | count rules
        find /var/lib/cni /run/cni /var/lib/containers/storage/networks -type f 2> /dev/null | count leases
        systemctl list-units --failed --plain --no-legend | count failed'
}

# Until nothing is more than it was, or for 20 seconds; what other tests left may go meanwhile.
settle() {
    gone() { paste -d' ' <(echo "$before") <(traces) | awk '$1 != $3 || $4 > $2 { more = 1; print } END { exit more }'; }
    until_true 20 gone > /dev/null || gone
}

# unit NAME NETWORK
unit() {
    lab sh -c "mkdir -p /etc/containers/systemd; cat > /etc/containers/systemd/$1.container" << EOF
[Container]
Image=$image
Network=$2
Exec=sh -c 'trap "exit 0" TERM; sleep 1000 & wait'
EOF
}

@test "starts and stops in a row leave nothing" {
    unit leak-one none
    unit leak-net podman
    lab systemctl daemon-reload
    lab sh -ec 'for unit in leak-one leak-net; do systemctl start $unit; systemctl stop $unit; done' # the relay runs, rules are there
    before=$(traces)
    lab sh -ec "for i in \$(seq $in_a_row); do systemctl start leak-one; systemctl stop leak-one; done
        for i in \$(seq $((in_a_row / 10))); do systemctl start leak-net; systemctl stop leak-net; done"
    settle
    [ "$(property leak-one.service Result)" = success ]
}

@test "many at once leave nothing, whether they are stopped or killed" {
    for i in $(seq $at_once); do unit leak-$i none; done
    unit leak-net1 podman
    unit leak-net2 podman
    lab systemctl daemon-reload
    lab sh -ec 'systemctl start leak-1 leak-net1; systemctl stop leak-1 leak-net1'
    before=$(traces)
    units=$(seq -f 'leak-%g' -s ' ' $at_once)
    lab sh -ec "systemctl start $units leak-net1 leak-net2
        [ \$(systemctl list-units --plain --no-legend --state=active 'leak-*' | wc -l) -eq $((at_once + 2)) ]
        systemctl stop $units leak-net1 leak-net2"
    settle
    lab sh -ec "systemctl start $units leak-net1 leak-net2; systemctl kill -s KILL 'leak-*'"
    ended() { [ -z "$(lab systemctl list-units --plain --no-legend --state=active,activating,deactivating 'leak-*')" ]; }
    until_true 60 ended
    lab systemctl reset-failed
    settle
}

@test "berth-oci: containers in a row and at once leave nothing" {
    bundle=$BERTH_TEST_WORK/leak-bundle
    lab python3 "$top/tests/integration/oci-bundle.py" "$bundle" 'sh("exit 3")'
    before=$(traces)
    lab sh -c "for i in \$(seq $in_a_row); do berth-oci run -b $bundle leak-\$i < /dev/null; [ \$? -eq 3 ] || exit 1; done
        for i in \$(seq $at_once); do berth-oci run -b $bundle leak-\$i < /dev/null & done; wait"
    [ -z "$(lab berth-oci list -q)" ]
    settle
    lab rm -rf "$bundle"
}
