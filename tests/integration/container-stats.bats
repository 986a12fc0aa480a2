# SPDX-License-Identifier: Apache-2.0
# What runs in containers and what it takes: top, stats.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
}

sleeper() { # NAME [FLAGS...]
    local name=$1
    shift
    lab berth run -d --name "$name" --network none "$@" $image sleep 1000
}

@test "top shows the container's processes with Podman's columns" {
    sleeper top1
    run lab berth top top1
    [ "$status" = 0 ]
    [ "$(echo "${lines[0]}" | tr -s ' ')" = 'USER PID PPID %CPU ELAPSED TTY TIME COMMAND' ]
    [ "${#lines[@]}" = 2 ]
    read -r user pid ppid cpu elapsed tty time command <<< "${lines[1]}"
    [ "$pid $ppid $tty $command" = '1 0 ? sleep 1000' ]
    [[ $user == 0 || $user == root ]]
    [[ $cpu =~ ^[0-9]+\.[0-9]{3}$ ]]
    [[ $elapsed =~ s$ && $time =~ s$ ]]
    [ "$(lab berth container top top1 pid,comm | tr -s ' ' | tail -1)" = '1 sleep' ]
}

@test "top knows children, exec'd commands and the host's view" {
    sleeper top2
    lab berth exec -d top2 sh -c 'sleep 2000 & wait'
    until_true 10 sh -c "sh $top/data/private-systemd.sh exec $BERTH_SYSTEMD berth top top2 args | grep -q '^sleep 2000'"
    rows=$(lab berth top top2 pid ppid args)
    shell=$(echo "$rows" | awk '$3 == "sh" { print $1 }')
    [ "$(echo "$rows" | awk '/sleep 2000$/ && !/sh -c/ { print $2 }')" = "$shell" ]
    host=$(lab berth inspect top2 --format '{{.State.Pid}}')
    [ "$(lab berth top top2 hpid pid | awk '$2 == 1 { print $1 }')" = "$host" ]
    [ "$(lab berth top top2 -eo pid,huser,hgroup | awk '$1 == 1 { print $2, $3 }')" = 'root root' ]
    [[ $(lab berth top top2 uid gid state vsz rss stime nice pgid %p) == UID*STATE*VSZ*RSS*STIME*NI*PGID*PID* ]]
}

@test "top maps the ids of a user namespace" {
    sleeper top3 --uidmap 0:200000:1000 --gidmap 0:200000:1000 --user 7:8
    [ "$(lab berth top top3 uid gid huser hgroup | awk 'NR == 2 { print $1, $2, $3, $4 }')" = '7 8 200007 200008' ]
}

@test "top refuses unknown containers, stopped ones and unknown descriptors" {
    sleeper top4
    run lab berth top top4 pid bogus
    [ "$status" = 125 ]
    [[ $output == *"unknown descriptor 'bogus'"* ]]
    lab berth stop -t 0 top4
    run lab berth top top4
    [ "$status" = 125 ]
    [ "$output" = 'Error: top can only be used on running containers' ]
    run lab berth top nobody
    [[ $output == 'Error: '*'no container with name or ID "nobody" found: no such container' ]]
    run lab berth top
    [ "$status" = 125 ]
}

@test "stats reports running containers, or those named" {
    sleeper st1
    sleeper st2
    lab berth stop -t 0 st2
    run lab berth stats --no-stream
    [ "$status" = 0 ]
    [ "$(echo "${lines[0]}" | tr -s ' ')" = 'ID NAME CPU % MEM USAGE / LIMIT MEM % NET IO BLOCK IO PIDS CPU TIME AVG CPU %' ]
    [ "${#lines[@]}" = 2 ]
    [[ ${lines[1]} == *' st1 '* ]]
    [ "$(lab berth stats --no-stream -a --format '{{.Name}}' | sort | tr '\n' ' ')" = 'st1 st2 ' ]
    [ "$(lab berth stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}} {{.UpTime}}' st2)" = 'st2 0.00% 0B / 0B 0 0s' ]
    [ "$(lab berth container stats --no-stream --no-trunc --format '{{.ID}}' -l | wc -c)" = 65 ]
}

@test "stats counts what the cgroup counts" {
    lab berth run -d --name st3 --network none $image sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; exec sleep 1000'
    until_true 60 sh -c "sh $top/data/private-systemd.sh exec $BERTH_SYSTEMD berth top st3 comm | grep -qx sleep"
    json=$(lab berth stats --no-stream --format json st3)
    [ "$(jq -r '.[0].name, (.[0] | keys | length)' <<< "$json" | tr '\n' ' ')" = 'st3 10 ' ]
    cgroup=/sys/fs/cgroup$(lab systemctl show -P ControlGroup berth-st3.service)
    shown=$(lab berth stats --no-stream --format '{{.Duration}}' st3)
    counted=$(lab awk '$1 == "usage_usec" { print $2 }' "$cgroup/cpu.stat")
    [ "$shown" -gt 0 ]
    [ "$shown" -le $((counted * 1000)) ]
    [[ $(jq -r '.[0].cpu_percent' <<< "$json") =~ ^[0-9]+\.[0-9][0-9]%$ ]]
    if lab test -e "$cgroup/pids.current"; then
        [ "$(jq -r '.[0].pids' <<< "$json")" = 1 ]
    else
        [ "$(jq -r '.[0].pids' <<< "$json")" = -- ]
    fi
    if lab test -e "$cgroup/memory.current"; then
        [[ $(jq -r '.[0].mem_usage' <<< "$json") =~ ^[0-9.]+k?M?B\ /\ [0-9.]+[MGT]B$ ]]
    else
        [ "$(jq -r '.[0].mem_usage + .[0].mem_percent' <<< "$json")" = '-- / ----' ]
    fi
    [ "$(jq -r '.[0].net_io' <<< "$json")" = '0B / 0B' ]
}

@test "stats goes on until it is ended" {
    sleeper st4
    run lab timeout 10 sh -c 'berth stats --interval 1 --format "{{.Name}}" st4 | { read -r a; read -r b; echo "$a $b"; }'
    [ "$output" = 'st4 st4' ]
}

@test "stats refuses what does not go together" {
    run lab berth stats --no-stream nobody
    [ "$status" = 125 ]
    [[ $output == 'Error: unable to get list of containers: '*'no container with name or ID "nobody" found: no such container' ]]
    run lab berth stats --no-stream -a -l
    [ "$output" = 'Error: --all, --latest and containers cannot be used together' ]
    run lab berth stats --no-stream --interval 0
    [ "$output" = 'Error: invalid interval, must be a positive number greater zero' ]
}
