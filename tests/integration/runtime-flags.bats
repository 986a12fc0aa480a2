# SPDX-License-Identifier: Apache-2.0
# Flags of run and create beyond the first ones, each by what it does to the container.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
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

@test "users that the image does not know are in passwd and group all the same" {
    run in_container --user 4711:4712 -w /tmp -- sh -c 'tail -1 /etc/passwd; tail -1 /etc/group; id'
    [ "${lines[0]}" = "4711:*:4711:4712:container user:/tmp:/bin/sh" ]
    [ "${lines[1]}" = "4712:x:4712:" ]
    [[ ${lines[2]} == uid=4711\(4711\)* ]]
    run in_container --user 4711 --passwd=false -- sh -c 'grep -c 4711 /etc/passwd'
    [ "$output" = 0 ]
    run in_container --user 4711 --passwd-entry '$USERNAME:x:$UID:$GID:me:$HOME:/bin/x' -- tail -1 /etc/passwd
    [ "$output" = "4711:x:4711:0:me:/:/bin/x" ]
    run in_container --hostuser daemon -- grep ^daemon: /etc/passwd
    [[ $output == "daemon:*:1:1:daemon:/usr/sbin:"* ]]
    run in_container --hostuser nosuchuser -- true
    [ "$status" = 125 ]
    [[ $output == *nosuchuser* ]]
}

@test "environment: merged, unset, proxies of the caller" {
    [ "$(in_container --env A=1 --env-merge 'A=${A}2$A' -- sh -c 'echo $A')" = 121 ]
    run in_container --unsetenv-all -- env
    [[ $output != *PATH=/bin$'\n'* ]]
    run lab env http_proxy=http://p:1 berth run --rm --network none $image env
    [[ $output == *http_proxy=http://p:1* ]]
    run lab env http_proxy=http://p:1 berth run --rm --network none --http-proxy=false $image env
    [[ $output != *http_proxy* ]]
}

@test "a systemd as payload finds what it needs" {
    run in_container --systemd=always -- sh -c 'grep -c " /run \| /run/lock \| /tmp \| /var/log/journal " /proc/mounts; grep " /sys/fs/cgroup " /proc/mounts; env'
    [ "${lines[0]}" = 4 ]
    [[ ${lines[1]} == *" rw,"* ]]
    [[ $output == *container_uuid=* ]]
    run in_container -- grep -c ' /run ' /proc/mounts
    [ "$output" = 0 ]
    run in_container --systemd=maybe -- true
    [ "$status" = 125 ]
}

@test "volumes of another container" {
    lab berth create --name giver --network none -v flags-vol:/data -v /usr/share:/share:ro $image true
    run in_container --volumes-from giver -- sh -c 'grep -c " /data \| /share " /proc/mounts'
    [ "$output" = 2 ]
    run in_container --volumes-from giver:ro -- touch /data/x
    [ "$status" -ne 0 ]
    run in_container --volumes-from nobody -- true
    [ "$status" = 125 ]
    lab rm -rf /var/lib/containers/storage/volumes/flags-vol
}

@test "descriptors, streams and time" {
    run lab sh -c "berth run --rm --network none --preserve-fds 1 $image cat <&- 3</etc/hostname /proc/self/fd/3"
    [ -n "$output" ]
    run in_container --preserve-fds 9 -- true
    [ "$status" = 125 ]
    run in_container -a stderr -- sh -c 'echo out; echo err >&2'
    [ "$output" = err ]
    run in_container --timeout 1 -- sleep 100
    [ "$status" = 255 ]
}

@test "personality and device rules are checked" {
    [ "$(in_container --personality LINUX32 -- uname -m)" = i686 ]
    run in_container --personality OTHER -- true
    [ "$status" = 125 ]
    in_container --device-cgroup-rule 'c 189:* rwm' -- true
    run in_container --device-cgroup-rule 'x 1:1 rwm' -- true
    [ "$status" = 125 ]
    [[ $output == *"invalid device cgroup rule format"* ]]
}

@test "limits become properties of the service" {
    lab berth run -d --name limited --network none --memory 64m --memory-swap 96m --memory-reservation 32m \
        --cpus 0.5 --pids-limit 77 --cpu-shares 2048 --blkio-weight 500 --cpuset-cpus 0 $image sleep 1000
    unit=berth-limited.service
    [ "$(property $unit MemoryMax)" = 67108864 ]
    [ "$(property $unit MemorySwapMax)" = 33554432 ]
    [ "$(property $unit MemoryLow)" = 33554432 ]
    [ "$(property $unit CPUQuotaPerSecUSec)" = 500ms ]
    [ "$(property $unit TasksMax)" = 77 ]
    [ "$(property $unit CPUWeight)" = 79 ]
    [ "$(property $unit IOWeight)" = 4950 ]
    [ "$(property $unit AllowedCPUs)" = 0 ]
    run lab berth inspect limited --format '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}'
    [ "$output" = "67108864 500000000 77" ]
    for flag in --memory-swappiness=5 --oom-kill-disable --cpu-rt-period=1000; do
        run in_container $flag -- true
        [ "$status" = 125 ]
        [[ $output == *"${flag%%=*}"*"cgroup v2"* ]]
    done
    run in_container --memory 1g --memory-swap 512m -- true
    [[ $output == *"memory-swap limit should be larger"* ]]
}

@test "--restart is systemd's, and counts" {
    lab berth run -d --name again --network none --restart on-failure:2 $image sh -c 'exit 3'
    until_true 20 [ "$(property berth-again.service Result)" = start-limit-hit ] ||
        until_true 10 sh -c "! sh '$top/data/private-systemd.sh' exec $BERTH_SYSTEMD systemctl is-active -q berth-again.service"
    run lab berth inspect again --format '{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}} {{.State.ExitCode}}'
    [ "$output" = "on-failure:2 3" ]
    [ "$(lab journalctl -u berth-again.service -o cat | grep -c 'Main process exited, code=exited, status=3')" = 3 ]
    run lab berth run --rm --restart always --network none $image true
    [[ $output == *"--rm option conflicts with --restart"* ]]
    run lab berth create --restart sometimes --network none $image true
    [ "$status" = 125 ]
}

@test "--requires starts the other first and keeps it from being removed alone" {
    lab berth create --name base --network none $image sleep 1000
    lab berth create --name top --network none --requires base $image sleep 1000
    run lab berth rm base
    [ "$status" = 125 ]
    [[ $output == *"has dependent containers which must be removed before it"* ]]
    lab berth start top
    [ "$(lab berth ps --filter name=base --format '{{.State}}')" = running ]
    lab berth rm -f -t 0 --depend base
    [ -z "$(lab berth ps -aq)" ]
}
