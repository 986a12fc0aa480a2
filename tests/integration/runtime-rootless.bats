# SPDX-License-Identifier: Apache-2.0
# An unprivileged user: their own store, from a shell and in their service manager.

bats_require_minimum_version 1.5.0
load systemd-lib.bash
load user-lib.bash

user=berth-rootless

setup_file() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    make_user 300000
}

teardown_file() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    drop_user
}

setup() {
    need_systemd
}

in_container() { # FLAGS... -- COMMAND...
    local flags=()
    while [ "$1" != -- ]; do
        flags+=("$1")
        shift
    done
    shift
    as berth run --rm --network none "${flags[@]}" $image "$@"
}

@test "from a shell: root inside is the user outside, statuses and ids are right" {
    uid=$(lab id -u $user)
    run in_container -- sh -c 'id -u; awk "{print \$1, \$2, \$3}" /proc/self/uid_map; touch /made; stat -c %u:%a /made / /bin/busybox;
        ls /sys/class/net; echo x > /dev/null; echo out > /dev/stdout; exit 42'
    [ "$status" = 42 ]
    [ "${lines[0]}" = 0 ]
    [ "${lines[1]}" = "0 $uid 1" ]
    [ "${lines[2]}" = "1 300000 65536" ]
    [ "${lines[3]}" = 0:644 ]
    [ "${lines[6]}" = lo ]
    [ "${lines[7]}" = out ]
    [ "$(in_container --user app -- sh -c 'id; echo again > /dev/stdout')" = "uid=1000(app) gid=1000(app) groups=2000(extra)
again" ]
    [ "$(as berth run --rm --network host $image sh -c 'id -u; ls /sys/class/net | head -1')" = "0
lo" ]
    [ -z "$(as sh -c 'ls $XDG_RUNTIME_DIR/berth/containers')" ]
}

@test "--userns of a user: keep-id, nomap, auto" {
    uid=$(lab id -u $user)
    home=$BERTH_TEST_WORK/home-$user
    as mkdir -p "$home/shared"
    run in_container --userns keep-id -v "$home/shared:/shared" -- sh -c 'id -u; touch /shared/mine; stat -c %u /bin/busybox /shared/mine; cat /proc/1/uid_map'
    [ "$status" = 0 ]
    [ "${lines[0]}" = "$uid" ]
    [ "${lines[1]}" = 0 ]
    [ "${lines[2]}" = "$uid" ]
    [ "$(lab stat -c %u "$home/shared/mine")" = "$uid" ]
    run in_container --userns keep-id:uid=500,gid=600 -- id
    [ "$output" = "uid=500(500) gid=600(600)" ]
    # the user themselves is not inside: what is theirs is nobody's
    run in_container --userns nomap -v "$home/shared:/shared" -- stat -c %u /shared/mine /bin/busybox
    [ "${lines[0]}" = 65534 ]
    [ "${lines[1]}" = 0 ]
    run in_container --userns auto -- sh -c 'cat /proc/self/uid_map; touch /made'
    [ "$status" = 0 ]
    [[ $output =~ ^\ +0\ +1\ +2001 ]]
}

@test "ids that subuid(5) does not give cannot be claimed" {
    run in_container --uidmap 0:0:1 --uidmap 1:65536:10000 -- true
    [ "$status" = 125 ]
    [[ $output == *"subuid"* ]]
    run in_container --uidmap 0:@0:1 -- true
    [ "$status" = 125 ]
    [[ $output == *"not among those that we may map"* ]]
    lab sed -i "/^$user:/d" /etc/subuid
    run in_container -- awk '{print $1, $3}' /proc/self/uid_map
    lab sh -c "echo $user:300000:65536 >> /etc/subuid"
    [ "$output" = "0 1" ]
}

@test "run -d, exec, logs, stop, start, kill, rm: by the user's own manager" {
    as berth run -d --name r1 --network none $image sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done' > /dev/null
    [ "$(as systemctl --user is-active berth-r1)" = active ]
    pid=$(as systemctl --user show -P MainPID berth-r1)
    [ "$(lab cat "/proc/$(lab awk '/^PPid/ {print $2}' "/proc/$pid/status")/comm")" = systemd ]
    [ "$(as berth exec r1 sh -c 'id -u; echo hello > /dev/stdout')" = "0
hello" ]
    [ "$(as berth exec --user app r1 sh -c 'id -u; echo hello > /dev/stdout')" = "1000
hello" ]
    # the command counts as the unit's
    as berth exec -d r1 sleep 1000
    until_true 10 lab sh -c "cat /sys/fs/cgroup/user.slice/user-*.slice/user@*.service/app.slice/berth-r1.service/exec-*/cgroup.procs | grep -q ."
    as berth stop r1
    [ "$(as berth ps -a --format '{{.Status}}')" != "" ]
    [[ $(as berth ps -a --format '{{.Status}}') == "Exited (3)"* ]]
    as berth start r1
    as berth exec r1 touch /kept
    as berth kill r1
    until_true 10 test -z "$(as berth ps -q)"
    as berth rm -f -t 0 r1
    [ -z "$(as berth ps -aq)" ]
}

@test "a unit file of the user's: start, restart, statuses 20 of 20, stop" {
    home=$BERTH_TEST_WORK/home-$user
    as mkdir -p "$home/.config/containers/systemd"
    as sh -c "cat > $home/.config/containers/systemd/r-web.container" << E
[Container]
Image=$image
Network=none
Exec=sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done'
E
    as sh -c "cat > $home/.config/containers/systemd/r-nine.container" << E
[Unit]
StartLimitIntervalSec=0
[Container]
Image=$image
Network=none
Exec=sh -c 'exit 9'
E
    as systemctl --user daemon-reload
    as systemctl --user start r-web
    as systemctl --user restart r-web
    [ "$(as systemctl --user is-active r-web)" = active ]
    as systemctl --user stop r-web
    [ "$(as systemctl --user show -P ExecMainStatus r-web)" = 7 ]
    run as sh -c 'for i in $(seq 20); do systemctl --user start r-nine
        until [ "$(systemctl --user show -P ActiveState r-nine)" = failed ]; do sleep 0.05; done
        systemctl --user show -P Result -P ExecMainStatus r-nine | paste -sd" "; systemctl --user reset-failed r-nine; done | sort | uniq -c'
    [[ $output =~ ^\ *20\ (exit-code\ 9|9\ exit-code)$ ]]
    [ -z "$(as sh -c 'ls $XDG_RUNTIME_DIR/berth/containers')" ]
}

@test "top, diff, cp, export and stats work on a user's containers, running and stopped" {
    as berth run -d --name files --network none $image sleep 1000
    as berth exec files sh -c 'mkdir /d; echo in > /d/f; ln -s /etc /d/l; busybox chown -R 7:8 /d; rm /bin/true'
    [ "$(as berth top files uid args | awk 'NR == 2 { print $1, $2, $3 }')" = '0 sleep 1000' ]
    [[ $(as berth stats --no-stream --format '{{.Name}}' files) == files ]]
    here=$BERTH_TEST_WORK/home-$user
    for state in running stopped; do
        out=$(as berth diff files)
        grep -qx 'A /d/f' <<< "$out"
        grep -qx 'D /bin/true' <<< "$out"
        as sh -ec "cd; rm -rf got; berth cp files:/d got; echo $state > up; berth cp up files:/d/$state; berth cp up files:/top
            berth export files | tar tf - | grep -x d/f > listed"
        [ "$(lab cat "$here/got/f")" = in ]
        [ "$(lab stat -c %U "$here/got/f")" = "$user" ]
        [ "$(lab readlink "$here/got/l")" = /etc ]
        [ $state = stopped ] || as berth stop -t 0 files
    done
    as berth start files
    [ "$(as berth exec files sh -c 'cat /d/running /d/stopped; busybox stat -c %u:%g /d/stopped' | tr '\n' ' ')" = 'running stopped 0:0 ' ]
    as berth rm -f -t 0 files
}

@test "copies of an image for other ids go with the image" {
    mapped=$BERTH_TEST_WORK/home-$user/.local/share/containers/storage/berth/mapped
    in_container --userns auto -- true
    [ -n "$(lab ls "$mapped")" ]
    as berth rmi -f $image
    [ -z "$(lab ls "$mapped")" ]
    as berth load -i "$BERTH_TEST_WORK/$user.tar"
    in_container --userns auto -- true
}
