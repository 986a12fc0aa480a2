# SPDX-License-Identifier: Apache-2.0
# User namespaces: the modes of --userns, [Service] User=, id-mapped layers and volumes.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
    lab sh -c 'getent passwd app > /dev/null || useradd -r app
        grep -q ^containers: /etc/subuid || echo containers:2000000000:10000000 >> /etc/subuid
        grep -q ^containers: /etc/subgid || echo containers:2000000000:10000000 >> /etc/subgid'
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    forget u-app u-dyn u-auto u-one u-two
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
    lab rm -rf /var/lib/containers/storage/volumes/u-data
}

in_container() { # FLAGS... -- COMMAND...
    local flags=()
    while [ "$1" != -- ]; do
        flags+=("$1")
        shift
    done
    shift
    lab berth run --rm --network none "${flags[@]}" $image "$@"
}

# What every container in a user namespace must show, whatever gave it its maps.
check_inside='[ "$(id -u):$(stat -c %u:%g /)" = 0:0:0 ] && [ "$(stat -c %u:%g /bin/busybox)" = 0:0 ] &&
    touch /made && [ "$(stat -c %u /made)" = 0 ] && chown 1000:1000 /made && [ "$(stat -c %u /made)" = 1000 ] &&
    [ "$(stat -c %t:%T /dev/null)" = 1:3 ] && echo x > /dev/null && head -c 1 /dev/zero > /dev/null &&
    [ "$(stat -c %u /etc/hosts)" = 0 ] && echo out > /dev/stdout && echo all-well'

@test "--userns and --uidmap: maps, files and devices" {
    run in_container --userns auto -- sh -c "cat /proc/self/uid_map; $check_inside"
    [ "$status" = 0 ]
    [[ $output == *all-well* ]]
    # as large as the image's accounts need: group 2000 is the largest id
    [[ $output =~ \ +0\ +[0-9]+\ +2001 ]]
    [[ $output =~ \ +0\ +0\  ]] && false
    [[ $(in_container --userns auto:size=3000 -- cat /proc/self/gid_map) =~ \ +0\ +[0-9]+\ +3000 ]]
    [[ $(in_container --userns auto --user 5000 -- cat /proc/self/uid_map) =~ \ +0\ +[0-9]+\ +5001 ]]
    run in_container --uidmap 0:100000:70000 -- sh -c "cat /proc/self/uid_map /proc/self/gid_map; $check_inside"
    [ "$(grep -cE '^ +0 +100000 +70000$' <<< "$output")" = 2 ]
    [[ $output == *all-well* ]]
    run in_container --uidmap 0:100000:10 --gidmap 0:200000:20 -- cat /proc/self/uid_map /proc/self/gid_map
    [[ $output =~ 100000\ +10 ]]
    [[ $output =~ 200000\ +20 ]]
    [[ $(in_container --userns auto:uidmapping=0:5000:100 -- cat /proc/self/uid_map) =~ ^\ +0\ +5000\ +100 ]]
    [[ $(in_container --userns keep-id -- cat /proc/self/uid_map) =~ ^\ +0\ +0\ +4294967295 ]]
    [[ $(in_container --subuidname containers -- cat /proc/self/uid_map) =~ ^\ +0\ +[1-9][0-9]*\ +[0-9]+ ]]
}

@test "--userns refuses what Podman refuses, in its words" {
    local row
    for row in "foo|unrecognized namespace mode foo passed" "auto:bla=1|unknown option specified: \"bla\"" \
        "nomap|nomap is only supported in rootless mode" "private|must provide at least one UID or GID mapping" \
        "ns:/nowhere|cannot find specified user namespace path" "container:nope|no such container"; do
        run in_container --userns "${row%%|*}" -- true
        [ "$status" = 125 ]
        [[ $output == *"${row#*|}"* ]]
    done
    run in_container --userns auto --uidmap 0:1:1 -- true
    [[ $output == *"are mutually exclusive"* ]]
    run in_container --uidmap x -- true
    [[ $output == *"UID setting is malformed"* ]]
    run in_container --uidmap 0:1000:10 --uidmap 5:5000:10 -- true
    [[ $output == *overlap* ]]
    [ -z "$(lab ls /run/berth/containers)" ]
}

@test "no two containers share a range, and one that ends gives it back" {
    local i
    for i in 1 2 3 4; do
        lab berth run -d --name "u-$i" --network none --userns auto $image sleep 1000 > /dev/null
    done
    run lab sh -c 'for i in 1 2 3 4; do berth exec u-$i cat /proc/self/uid_map; done'
    [ "$(awk '{print $2}' <<< "$output" | sort -u | wc -l)" = 4 ]
    awk '{printf "%d %d\n", $2, $2 + $3}' <<< "$output" | sort -n | awk 'NR > 1 && $1 < last {exit 1} {last = $2}'
    # nor with one of Podman's
    lab podman create --name u-podman --userns auto --network none $image true > /dev/null
    theirs=$(lab podman inspect -f '{{index .HostConfig.IDMappings.UIDMap 0}}' u-podman)
    ours=$(in_container --userns auto -- awk '{print $2, $2 + $3}' /proc/self/uid_map)
    lab podman rm u-podman > /dev/null
    IFS=: read -r _ start size <<< "$theirs"
    [ "$size" -gt 0 ]
    set -- $ours
    [ "$1" -ge $((start + size)) ] || [ "$2" -le "$start" ]
    first=$(lab berth exec u-1 awk '{print $2}' /proc/self/uid_map)
    lab berth rm -f -t 0 u-1 > /dev/null
    [ "$(in_container --userns auto -- awk '{print $2}' /proc/self/uid_map)" = "$first" ]
}

@test "another container's user namespace is joined, with its ids" {
    lab berth run -d --name u-first --network none --userns auto $image sleep 1000 > /dev/null
    run lab sh -c "berth exec u-first readlink /proc/self/ns/user
        berth run --rm --network none --userns container:u-first $image sh -c 'readlink /proc/self/ns/user; stat -c %u /bin'
        berth run --rm --network none --userns ns:/proc/\$(systemctl show -P MainPID berth-u-first)/ns/user $image readlink /proc/self/ns/user"
    [ "$status" = 0 ]
    [ "${lines[0]}" = "${lines[1]}" ]
    [ "${lines[2]}" = 0 ]
    [ "${lines[3]}" = "${lines[0]}" ]
}

@test "[Service] User= and DynamicUser=: the container's root is the unit's user" {
    local unit uid pid
    quadlet u-app.container << E
[Container]
Image=$image
Network=none
Exec=sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done'
[Service]
User=app
E
    quadlet u-dyn.container << E
[Container]
Image=$image
Network=none
Volume=/var/lib/u-dyn:/state
Exec=sh -c 'trap "exit 7" TERM; touch /state/mine; while :; do sleep 0.1; done'
[Service]
DynamicUser=yes
StateDirectory=u-dyn
E
    for unit in u-app u-dyn; do
        lab systemctl start "$unit"
        pid=$(property "$unit" MainPID)
        uid=$(property "$unit" UID)
        [ "$uid" -gt 0 ]
        [ "$(lab awk '/^PPid/ {print $2}' "/proc/$pid/status")" = 1 ]
        [ "$(lab awk '/^Uid/ {print $2, $3, $4, $5}' "/proc/$pid/status")" = "$uid $uid $uid $uid" ]
        [ -z "$(lab awk '/^Groups/ {print $2}' "/proc/$pid/status")" ]
        [ "$(lab stat -c %u "/sys/fs/cgroup/system.slice/$unit.service/payload")" = "$uid" ]
        [ "$(lab stat -c %u "/sys/fs/cgroup/system.slice/$unit.service/payload/cgroup.procs")" = "$uid" ]
        # no session, no manager of the user
        [ "$(lab systemctl is-active "user@$uid.service")" = inactive ]
    done
    [[ $(lab berth exec systemd-u-app sh -c "$check_inside") == *all-well* ]]
    until_true 10 lab test -e /var/lib/u-dyn/mine
    [ "$(lab stat -L -c %u /var/lib/u-dyn/mine)" = "$(property u-dyn UID)" ]
    lab systemctl restart u-app
    lab systemctl stop u-app
    [ "$(property u-app ExecMainStatus)" = 7 ]
    [ -z "$(lab ls /sys/fs/cgroup/system.slice/u-app.service 2> /dev/null)" ]
}

@test "50 of 50 exit statuses with User=, from payloads that end at once" {
    quadlet u-app.container << E
[Container]
Image=$image
Network=none
Exec=sh -c 'exit 9'
[Service]
User=app
StartLimitIntervalSec=0
[Unit]
StartLimitIntervalSec=0
E
    run lab sh -c 'for i in $(seq 50); do systemctl start u-app; 
        until [ "$(systemctl show -P ActiveState u-app)" = failed ]; do sleep 0.05; done
        systemctl show -P Result -P ExecMainStatus u-app | paste -sd" "; systemctl reset-failed u-app; done | sort | uniq -c'
    [[ $output =~ ^\ *50\ (exit-code\ 9|9\ exit-code)$ ]]
}

@test "named volumes keep container ids, whatever the range is" {
    local unit
    for unit in u-one u-two; do
        quadlet $unit.container << E
[Container]
Image=$image
Network=none
UserNS=auto
Volume=u-data:/data
Exec=sh -c 'touch /data/$unit; chown 1000 /data/$unit; sleep 1000'
E
        lab systemctl start $unit
    done
    local data=/var/lib/containers/storage/volumes/u-data/_data
    until_true 10 lab test -e $data/u-two
    [ "$(lab stat -c %u $data)" = 0 ]
    until_true 10 lab sh -c "[ \$(stat -c %u $data/u-one) = 1000 ] && [ \$(stat -c %u $data/u-two) = 1000 ]"
    [ "$(lab sh -c 'berth exec systemd-u-two stat -c %u /data/u-one')" = 1000 ]
    # and the two payloads do not share a single id
    [ "$(lab sh -c 'for u in u-one u-two; do awk "/^Uid/ {print \$2}" /proc/$(systemctl show -P MainPID $u)/status; done | sort -u | wc -l')" = 2 ]
}

@test "a container of root's in a user namespace may not do what the host's root may" {
    run in_container --userns auto --privileged -- sh -c 'mknod /n b 8 0; echo 1 > /proc/sys/vm/swappiness;
        chown 70000 /etc/passwd; date -s 2001-01-01'
    [[ $output == *"mknod: "*"not permitted"* ]]
    [[ $output == *"swappiness: "*"ermission denied"* ]]
    [[ $output == *"chown: "*"nvalid argument"* ]]
    [[ $output == *"date: "*"not permitted"* ]]
    # a file of the host's root is nobody's inside, and cannot be written
    lab sh -c 'echo secret > /run/u-file; chmod 600 /run/u-file'
    run in_container --userns auto -v /run/u-file:/f -- sh -c 'stat -c %u /f; cat /f'
    [ "${lines[0]}" = 65534 ]
    [[ $output != *secret* ]]
}

@test "a volume's U: files become the container's user's, once, and no link is followed" {
    lab sh -c 'rm -rf /run/u-own; mkdir -p /run/u-own/sub; touch /run/u-own/sub/f; echo x > /run/u-outside; chown 0 /run/u-outside; ln -s /run/u-outside /run/u-own/link
        chmod 4755 /run/u-own/sub/f'
    run in_container --user app -v /run/u-own:/data:U -- sh -c 'stat -c %u:%g /data /data/sub /data/sub/f; touch /data/new'
    [ "$status" = 0 ]
    [ "$(sort -u <<< "$output")" = 1000:1000 ]
    [ "$(lab stat -c %u:%a /run/u-own/sub/f)" = 1000:4755 ]
    [ "$(lab stat -c %u /run/u-outside)" = 0 ]
    run in_container --userns auto --user app -v /run/u-own:/data:U -- sh -c 'stat -c %u:%g /data /data/sub/f; cat /proc/self/uid_map'
    [ "${lines[0]}" = 1000:1000 ]
    [ "${lines[1]}" = 1000:1000 ]
    [ "$(lab stat -c %u /run/u-own/sub/f)" = $(($(awk 'END {print $2}' <<< "$output") + 1000)) ]
    run in_container --userns auto --user app -v u-data:/data:U -- stat -c %u /data
    [ "$output" = 1000 ]
    [ "$(lab stat -c %u /var/lib/containers/storage/volumes/u-data/_data)" = 1000 ]
}
