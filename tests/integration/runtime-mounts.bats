#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --volume SOURCE:DESTINATION:O, and the kinds of --mount.
bats_require_minimum_version 1.5.0

load systemd-lib.bash

setup() {
    need_systemd
    lab sh -c 'rm -rf /var/lib/containers/lower; mkdir -p /var/lib/containers/lower/sub; echo below > /var/lib/containers/lower/sub/value'
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab sh -c 'berth rm -fa -t 0; berth volume rm -f over; rm -rf /var/lib/containers/lower /var/lib/containers/over-*' > /dev/null 2>&1 || true
}

run_it() {
    lab berth run --rm --network none "$@"
}

lower=/var/lib/containers/lower

@test "O: a directory or a volume is seen, and what is written goes away" {
    for flags in "" "--userns auto" "--read-only"; do
        # shellcheck disable=SC2086
        run run_it $flags -v "$lower:/data:O" $image sh -c 'cat /data/sub/value; echo above > /data/sub/value; touch /data/new; cat /data/sub/value; stat -c %u /data/new'
        [ "$status" -eq 0 ]
        [ "$output" = "below
above
0" ]
        [ "$(lab cat $lower/sub/value)" = below ]
        run ! lab test -e $lower/new
    done
    lab berth volume create over > /dev/null
    run_it -v over:/data $image sh -c 'echo kept > /data/value'
    [ "$(run_it -v over:/data:O $image sh -c 'echo gone >> /data/value; tail -1 /data/value')" = gone ]
    [ "$(run_it -v over:/data $image cat /data/value)" = kept ]
    run lab sh -c 'ls /run/berth/containers | wc -l; grep -c containers/lower /proc/self/mountinfo'
    [ "${lines[1]}" = 0 ]
}

@test "O with upperdir and workdir: what is written is there the next time" {
    lab mkdir -p /var/lib/containers/over-up /var/lib/containers/over-work
    flags="$lower:/data:O,upperdir=/var/lib/containers/over-up,workdir=/var/lib/containers/over-work"
    run_it -v "$flags" $image sh -c 'echo above > /data/sub/value'
    [ "$(run_it -v "$flags" $image cat /data/sub/value)" = above ]
    [ "$(lab cat $lower/sub/value)" = below ]
    run run_it -v "$lower:/data:O,upperdir=/var/lib/containers/over-up" $image true
    [ "$status" -eq 125 ]
    [[ $output == *"must specify both upperdir and workdir"* ]]
    lab mkdir -p "$lower/a:b"
    run run_it --mount "type=bind,src=$lower/a:b,dst=/data,O" $image true
    [ "$status" -eq 125 ]
    [[ $output == *"a path with a colon cannot be an overlay's"* ]]
}

@test "O in a container that is stopped and started, and after a boot its directories are made again" {
    lab berth create --name over --network none -v "$lower:/data:O" $image sh -c 'touch /data/new && echo made' > /dev/null
    [ "$(lab berth start -a over)" = made ]
    lab sh -c 'rm -rf /run/berth/containers/*/overlay-*'
    [ "$(lab berth start -a over)" = made ]
}

@test "type=image: files of another image, read-only or until the container is gone" {
    for flags in "" "--userns auto"; do
        # shellcheck disable=SC2086
        run run_it $flags --mount "type=image,source=$image,destination=/other" $image sh -c 'stat -c %u /other/bin/busybox; touch /other/x'
        echo "$output"
        [ "$status" -ne 0 ]
        [ "${lines[0]}" = 0 ]
        [[ $output == *"Read-only file system"* ]]
        # shellcheck disable=SC2086
        [ "$(run_it $flags --mount type=image,src=$image,dst=/other,rw=true $image sh -c 'touch /other/x && echo written')" = written ]
    done
    run run_it --mount type=image,source=localhost/no-such:1,destination=/other $image true
    [ "$status" -eq 125 ]
}

@test "volumes of the image driver: the image's files, and what is written stays" {
    lab berth volume create -d image -o image=$image over > /dev/null
    [ "$(lab berth volume inspect --format '{{.Driver}} {{.Options.image}}' over)" = "image $image" ]
    run_it -v over:/other $image sh -c 'test -e /other/bin/busybox && echo kept > /other/value'
    [ "$(run_it -v over:/other:ro $image sh -c 'cat /other/value; touch /other/x 2> /dev/null || echo read-only' | tr '\n' ' ')" = "kept read-only " ]
    lab berth volume rm over
    run lab berth volume create -d image over
    [ "$status" -eq 125 ]
    run lab berth volume create -d image -o image=localhost/no-such:1 over
    [ "$status" -eq 125 ]
}

@test "type=glob, ramfs and devpts" {
    lab sh -c "echo 1 > $lower/a.conf; echo 2 > $lower/b.conf"
    [ "$(run_it --mount "type=glob,src=$lower/*.conf,dst=/etc/conf,ro" $image sh -c 'cat /etc/conf/*; ls /etc/conf | wc -l; touch /etc/conf/a.conf 2> /dev/null || echo read-only' | tr '\n' ' ')" = "1 2 2 read-only " ]
    run run_it --mount "type=glob,src=$lower/*.none,dst=/etc/conf" $image true
    [ "$status" -eq 125 ]
    run_it --mount type=ramfs,dst=/ram $image grep -q " /ram ramfs rw,nosuid,nodev" /proc/mounts
    run_it --mount type=devpts,dst=/pts,mode=0600,max=8 $image grep -q " /pts devpts .*mode=600.*max=8" /proc/mounts
    run run_it --mount type=nosuch,dst=/x $image true
    [ "$status" -eq 125 ]
    [[ $output == *'invalid filesystem type "nosuch"'* ]]
}
