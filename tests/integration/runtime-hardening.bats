# SPDX-License-Identifier: Apache-2.0
# Sandbox keys of [Service] reach the payload, break no start, and system audit tells the truth.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    forget h-all h-plain
}

# service NAME: a container that waits, with [Service] lines from standard input
service() {
    {
        printf '%s\n' '[Container]' "Image=$image" "ContainerName=$1" Network=none \
            "Exec=sh -c 'trap \"exit 7\" TERM; while :; do sleep 0.1; done'" '[Service]'
        cat
    } | quadlet "$1.container"
    lab systemctl start "$1"
}

status_of() { # UNIT FIELD
    lab awk -v f="$2:" '$1 == f {print $2}' "/proc/$(property "$1" MainPID)/status"
}

@test "every key at once: applied to the payload and to exec" {
    service h-all << 'E'
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_CHOWN CAP_SETUID CAP_SETGID CAP_KILL CAP_FOWNER
SystemCallFilter=@system-service
SystemCallFilter=~mkdir mkdirat
SystemCallErrorNumber=EACCES
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET
RestrictNamespaces=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LimitNOFILE=500
LimitCORE=0
UMask=0027
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
ProtectProc=invisible
ReadOnlyPaths=/
InaccessiblePaths=/mnt
E
    [ "$(property h-all ActiveState)" = active ]
    [ "$(status_of h-all NoNewPrivs)" = 1 ]
    [ "$(status_of h-all CapBnd)" = 00000000000000e9 ]
    [ "$(status_of h-all Umask)" = 0027 ]
    [ "$(status_of h-all Seccomp_filters)" = 3 ]
    [ "$(lab awk '/Max open files/ {print $4, $5}' "/proc/$(property h-all MainPID)/limits")" = "500 500" ]
    run lab berth exec h-all sh -c 'mkdir /tmp/d; chmod 4755 /bin/busybox; unshare -n true; linux32 true; chrt -f 1 true
        ping -6 -c1 ::1; nc 127.0.0.1 1 < /dev/null; ulimit -n; umask; grep -E "Seccomp_f|NoNew" /proc/self/status'
    [[ $output == *"mkdir: "*"ermission denied"* ]]
    [[ $output == *"chmod: "*"not permitted"* ]]
    [[ $output == *"unshare: "*"not permitted"* ]]
    [[ $output == *"linux32: "*"not permitted"* ]]
    [[ $output == *"ddress family not supported"* ]]
    [[ $output == *"onnection refused"* || $output == *"nreachable"* ]]
    [[ $output == *500* ]]
    [[ $output == *0027* ]]
    [[ $output =~ Seccomp_filters:.3 ]]
    lab systemctl stop h-all
    [ "$(property h-all ExecMainStatus)" = 7 ]
}

@test "a drop-in that comes later is obeyed at the next start; without keys nothing changes" {
    service h-plain < /dev/null
    [ "$(status_of h-plain NoNewPrivs)" = 0 ]
    [ "$(status_of h-plain Seccomp_filters)" = 1 ]
    bounding=$(status_of h-plain CapBnd)
    lab sh -c 'mkdir -p /run/systemd/system/h-plain.service.d
        printf "[Service]\nNoNewPrivileges=yes\nCapabilityBoundingSet=~CAP_CHOWN\nLimitSTACK=1M:2M\n" > /run/systemd/system/h-plain.service.d/x.conf; systemctl daemon-reload'
    lab systemctl restart h-plain
    [ "$(status_of h-plain NoNewPrivs)" = 1 ]
    [ $((0x$(status_of h-plain CapBnd))) = $((0x$bounding & ~1)) ]
    [ "$(lab awk '/Max stack size/ {print $4, $5}' "/proc/$(property h-plain MainPID)/limits")" = "1048576 2097152" ]
    lab rm -r /run/systemd/system/h-plain.service.d
}

@test "system audit: what each line became, live values, and a difference when there is one" {
    service h-all << 'E'
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_CHOWN CAP_KILL
SystemCallFilter=~mount
LimitNOFILE=600
UMask=0077
ProtectSystem=strict
Restart=no
E
    run lab berth system audit h-all
    [ "$status" = 0 ]
    grep -qE 'NoNewPrivileges +yes +no_new_privs of the payload +NoNewPrivs: 1 +yes' <<< "$output"
    grep -qE 'CapabilityBoundingSet +.* CapBnd: 0000000000000021 +yes' <<< "$output"
    grep -qE 'LimitNOFILE +600 +resource limit of the payload +600:600 +yes' <<< "$output"
    grep -qE 'ProtectSystem +strict +nothing: .* - +-' <<< "$output"
    lab prlimit --nofile=100:100 --pid "$(property h-all MainPID)"
    run lab berth system audit --format json h-all
    [ "$status" = 1 ]
    [ "$(lab python3 -c 'import json, sys; print([(r["Key"], r["Live"]) for r in json.load(sys.stdin) if r.get("Agrees") is False])' <<< "$output")" = "[('LimitNOFILE', '100:100')]" ]
    run lab berth system audit nosuch
    [ "$status" = 125 ]
}
