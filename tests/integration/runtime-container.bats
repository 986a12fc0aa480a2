# SPDX-License-Identifier: Apache-2.0
# What a container is: flags, isolation, verbs, exit statuses.

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

@test "exit statuses: the payload's own, 126, 127 and 125" {
    run in_container -- sh -c 'exit 42'
    [ "$status" = 42 ]
    run in_container -- sh -c 'kill -9 $$'
    [ "$status" = 0 ] # PID 1 does not see signals that it does not handle
    run in_container -- /etc/passwd
    [ "$status" = 126 ]
    run in_container -- nosuch
    [ "$status" = 127 ]
    run in_container --no-such-flag -- true
    [ "$status" = 125 ]
    [[ $output == *--no-such-flag* ]]
    run lab berth run --rm --network nowhere $image true
    [ "$status" = 125 ]
    [[ $output == *nowhere* ]]
    [ -z "$(lab ls /run/berth/containers)" ]
}

@test "environment: image, files, flags, in this order" {
    printf '# a comment\nFROM_FILE=1\nBOTH=file\n' > "$BERTH_TEST_WORK/env"
    run in_container --env BOTH=flag --env-file "$BERTH_TEST_WORK/env" --env "SPACE=a  b" -- env
    [[ $output == *FROM_FILE=1* ]]
    [[ $output == *BOTH=flag* ]]
    [[ $output == *"SPACE=a  b"* ]]
    [[ $output == *container=podman* ]]
    [[ $output == *HOME=/root* ]]
}

@test "users come from the image's passwd and group" {
    [ "$(in_container --user app -- id)" = "uid=1000(app) gid=1000(app) groups=2000(extra)" ]
    [ "$(in_container --user app:0 -- id)" = "uid=1000(app) gid=0(root)" ]
    [ "$(in_container --user 77:88 -- id)" = "uid=77(77) gid=88(88)" ]
    run in_container --user nobodyhere -- id
    [ "$status" = 125 ]
    [[ $output == *nobodyhere* ]]
}

@test "capabilities: eleven by default, dropped and added, none for another user" {
    caps() { awk '/^CapEff/{print $2}'; }
    [ "$(in_container -- cat /proc/self/status | caps)" = 00000000800405fb ]
    [ "$(in_container --cap-drop all -- cat /proc/self/status | caps)" = 0000000000000000 ]
    [ "$(in_container --cap-drop all --cap-add net_raw -- cat /proc/self/status | caps)" = 0000000000002000 ]
    [ "$(in_container --user app -- cat /proc/self/status | caps)" = 0000000000000000 ]
    [ "$(in_container --user app --cap-add net_raw -- cat /proc/self/status | caps)" = 0000000000002000 ]
    run in_container --cap-add nonsense -- true
    [ "$status" = 125 ]
    in_container -- cat /proc/self/status | grep -q '^CapInh:.0000000000000000$'
}

@test "seccomp is on by default, no_new_privs on request" {
    in_container -- grep -q '^Seccomp:.2$' /proc/self/status
    in_container --security-opt seccomp=unconfined -- grep -q '^Seccomp:.0$' /proc/self/status
    in_container --security-opt no-new-privileges -- grep -q '^NoNewPrivs:.1$' /proc/self/status
    run in_container -- unshare -m true
    [ "$status" -ne 0 ]
}

@test "masked paths are empty, read-only paths are read-only" {
    [ -z "$(in_container -- cat /proc/keys)" ]
    [ -z "$(in_container -- ls /sys/firmware)" ]
    run in_container -- sh -c 'echo 1 > /proc/sys/kernel/panic'
    [ "$status" -ne 0 ]
    run in_container -- sh -c 'echo 1 > /proc/sysrq-trigger'
    [ "$status" -ne 0 ]
    run in_container -- touch /sys/x
    [ "$status" -ne 0 ]
}

@test "no descriptor of the host leaks in" {
    run in_container --volume "$BERTH_TEST_WORK/probe:/probe:ro" -- /probe fds
    [ "$output" = "$(printf '0\n1\n2')" ]
    lab berth run -d --name leak --network none -v "$BERTH_TEST_WORK/probe:/probe:ro" $image /probe term 0 > /dev/null
    run lab berth exec leak /probe fds
    [ "$output" = "$(printf '0\n1\n2')" ]
}

@test "a working directory that leads out through a descriptor is refused" {
    for n in 3 5 7 8 9 10; do
        run in_container --workdir "/proc/self/fd/$n" -- sh -c 'pwd; ls ../../../..'
        # refused, or a directory of the container itself
        [ "$status" -ne 0 ] || [[ $output != *lib64* ]]
    done
}

@test "the network is the container's own with none, the host's with host" {
    [ "$(in_container -- ls /sys/class/net)" = lo ]
    in_container -- ip addr show lo | grep -q 'LOOPBACK,UP'
    [ "$(lab berth run --rm --network host $image cat /proc/self/net/dev | wc -l)" = "$(lab cat /proc/self/net/dev | wc -l)" ]
    run lab berth run --rm $image ls /sys/class/net
    [ "$output" = $'eth0\nlo' ]
}

@test "binds, volumes and tmpfs" {
    mkdir -p "$BERTH_TEST_WORK/bind"
    echo content > "$BERTH_TEST_WORK/bind/file"
    [ "$(in_container -v "$BERTH_TEST_WORK/bind:/mnt:ro" -- cat /mnt/file)" = content ]
    run in_container -v "$BERTH_TEST_WORK/bind:/mnt:ro" -- touch /mnt/new
    [ "$status" -ne 0 ]
    in_container -v data:/data -- sh -c 'echo kept > /data/x'
    [ "$(in_container -v data:/other -- cat /other/x)" = kept ]
    [ "$(in_container -v copied:/www -- ls /www)" = index.html ]
    in_container --tmpfs /t:size=1m,mode=700 -- sh -c 'stat -f -c %T /t | grep tmpfs && [ "$(stat -c %a /t)" = 700 ]'
    in_container --mount type=tmpfs,destination=/t,tmpfs-size=1m -- mount | grep -q ' /t .*size=1024k'
    [ "$(in_container --mount type=bind,source="$BERTH_TEST_WORK/bind",destination=/m,ro -- cat /m/file)" = content ]
    run in_container -v /no/such/path:/x -- true
    [ "$status" = 125 ]
    [[ $output == *"/no/such/path"* ]]
    lab rm -rf /var/lib/containers/storage/volumes
}

@test "a volume's target behind a symlink to the host stays inside the container" {
    mkdir -p "$BERTH_TEST_WORK/outside" "$BERTH_TEST_WORK/src" "$BERTH_TEST_WORK/links"
    : > "$BERTH_TEST_WORK/src/here"
    ln -sfn "../../../../../../../..$BERTH_TEST_WORK/outside" "$BERTH_TEST_WORK/links/escape"
    run in_container -v "$BERTH_TEST_WORK/links:/v" -v "$BERTH_TEST_WORK/src:/v/escape/deep" -- true
    [ "$status" = 125 ] # in the container nothing is there
    [ -z "$(ls "$BERTH_TEST_WORK/outside")" ]
    ln -sfn ../../../../../../../../www "$BERTH_TEST_WORK/links/inside"
    in_container -v "$BERTH_TEST_WORK/links:/v" -v "$BERTH_TEST_WORK/src:/v/inside/deep" -- ls /www/deep/here
    in_container -v "$BERTH_TEST_WORK/src:/x/../../../mnt" -- ls /mnt/here
}

@test "read-only root with its writable places" {
    run in_container --read-only -- touch /x
    [ "$status" -ne 0 ]
    in_container --read-only -- touch /tmp/x /run/x
    run in_container --read-only --read-only-tmpfs=false -- touch /run/x
    [ "$status" -ne 0 ]
}

@test "host name, sysctl, limits, time zone, init, umask" {
    [ "$(in_container --hostname box -- hostname)" = box ]
    [ "$(in_container --sysctl net.ipv4.ip_forward=1 -- cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
    run in_container --sysctl kernel.core_pattern=x -- true
    [ "$status" = 125 ]
    run in_container --sysctl 'net.ipv4.ip_forward=1+kernel.core_pattern=x' -- true
    [ "$status" -ne 0 ]
    [ "$(in_container --ulimit nofile=100:200 -- sh -c 'ulimit -n; ulimit -Hn' | tr '\n' ' ')" = "100 200 " ]
    [ "$(in_container --tz UTC -- date +%Z)" = UTC ]
    [ "$(in_container --init -- sh -c 'cat /proc/1/comm')" = catatonit ] || [ "$(in_container --init -- sh -c 'cat /proc/1/comm')" = podman-init ]
    [ "$(in_container --umask 0077 -- sh -c umask)" = 0077 ]
}

@test "a limit is on a unit: the service, or a scope around what runs in the foreground" {
    lab sh -c "berth run --rm --name short --network none --memory 64m --pids-limit 5 $image sleep 3 & 
        for i in \$(seq 60); do systemctl -q is-active berth-short.scope && break; sleep 0.05; done
        systemctl show -P MemoryMax -P TasksMax berth-short.scope; wait" > "$BERTH_TEST_WORK/limits"
    run cat "$BERTH_TEST_WORK/limits"
    [ "${lines[0]}" = 67108864 ]
    [ "${lines[1]}" = 5 ]
    run lab systemctl is-active berth-short.scope
    [ "$output" = inactive ]
    lab berth run -d --name limited --memory 64m --pids-limit 50 --network none $image sleep 1000 > /dev/null
    [ "$(lab systemctl show -P MemoryMax berth-limited.service)" = 67108864 ]
    [ "$(lab systemctl show -P TasksMax berth-limited.service)" = 50 ]
}

@test "a terminal: controlling, on /dev/console, with the payload as session leader" {
    run lab script -qec "berth run --rm -it --network none $image sh -c 'tty; test -c /dev/console && echo console; exit 3'" /dev/null
    [ "$status" = 3 ]
    [[ $output == */dev/pts/0* ]]
    [[ $output == *console* ]]
}

@test "standard input reaches the payload with -i only" {
    [ "$(echo hello | lab berth run --rm -i --network none $image cat)" = hello ]
    [ -z "$(echo hello | lab berth run --rm --network none $image cat)" ]
}

@test "signals to the foreground reach the payload" {
    run lab timeout --preserve-status -s TERM 1 berth run --rm --network none $image \
        sh -c 'trap "exit 33" TERM; while :; do sleep 0.05; done'
    [ "$status" = 33 ]
    [ -z "$(lab berth ps -aq)" ]
}

@test "exec: status, user, environment, directory, terminal, input, cgroup" {
    lab berth run -d --name target --network none -v "$BERTH_TEST_WORK/probe:/probe:ro" $image /probe term 0 > /dev/null
    run lab berth exec target sh -c 'exit 11'
    [ "$status" = 11 ]
    [ "$(lab berth exec --user app target id -u)" = 1000 ]
    [ "$(lab berth exec -e A=b -w /etc target sh -c 'echo $A; pwd' | tr '\n' ' ')" = "b /etc " ]
    [ "$(echo in | lab berth exec -i target cat)" = in ]
    run lab script -qec "berth exec -it target tty" /dev/null
    [[ $output == */dev/pts/* ]]
    run lab berth exec target nosuch
    [ "$status" = 127 ]
    run lab berth exec target /etc/passwd
    [ "$status" = 126 ]
    [ "$(lab berth exec target cat /proc/self/status | awk '/^CapEff/{print $2}')" = 00000000800405fb ]
    lab berth exec target grep -q '^Seccomp:.2$' /proc/self/status
    run lab berth exec nobody true
    [ "$status" = 125 ]
    [ -z "$(lab find /sys/fs/cgroup/system.slice/berth-target.service -name 'exec-*')" ]
}

@test "ps, inspect, wait, start, kill, stop and rm of a container that outlives its process" {
    id=$(lab berth run -d --name worker --label a=b --network none $image sh -c 'sleep 0.3; exit 3')
    [ "$(lab berth ps --format '{{.Names}} {{.State}}')" = "worker running" ]
    [ "$(lab berth wait worker)" = 3 ]
    [ "$(lab berth ps -a --format json | jq -r '.[0] | .Id + " " + .State + " " + (.ExitCode | tostring)')" = "$id exited 3" ]
    [ "$(lab berth inspect worker | jq -r '.[0].Config.Labels.a')" = b ]
    [ "$(lab berth inspect --format '{{.State.Status}}' "${id:0:12}")" = exited ]
    lab berth start worker
    [ "$(lab berth wait worker)" = 3 ]
    lab berth rm worker
    run lab berth inspect worker
    [ "$status" = 125 ]
    lab berth run -d --name victim --network none $image sleep 1000 > /dev/null
    run lab berth rm victim
    [ "$status" -ne 0 ]
    lab berth kill victim
    until_true 5 sh -c "[ -z \"\$(sh $top/data/private-systemd.sh exec $BERTH_SYSTEMD berth ps -q)\" ]"
    lab berth rm victim
    lab berth run -d --rm --name short --network none $image sleep 1000 > /dev/null
    SECONDS=0
    lab berth stop -t 1 short
    [ "$SECONDS" -lt 8 ]
    [ -z "$(lab berth ps -aq)" ]
}

@test "a name is taken once, --replace takes it over" {
    lab berth run -d --name one --network none $image sleep 1000 > /dev/null
    run lab berth run -d --name one --network none $image sleep 1000
    [ "$status" = 125 ]
    [[ $output == *"already in use"* ]]
    lab berth run -d --replace --name one --network none $image sleep 1000 > /dev/null
    [ "$(lab berth ps -q | wc -l)" = 1 ]
}

@test "a name whose container never got a record can be taken over" {
    local id
    id=$(printf '%064d' 7)
    lab sh -c "mkdir -p /run/berth/containers/$id /var/lib/containers/storage/berth/volatile/$id/upper && ln -s $id /run/berth/names/cut"
    lab berth run --rm --name cut --replace --network none $image true
    [ -z "$(lab ls /run/berth/containers)" ]
    [ -z "$(lab ls /run/berth/names)" ]
    [ -z "$(lab ls /var/lib/containers/storage/berth/volatile)" ]
}

@test "a launcher that is killed at any point leaves nothing behind after the next start" {
    for delay in 0 1 2 3 4 5 6 8 10 12 15 20; do
        lab sh -c "berth run --rm --name crash --replace --network none $image true & sleep 0.0$delay; kill -9 \$! 2>/dev/null; wait" || true
    done
    lab berth run --rm --name crash --replace --network none $image true
    lab berth rm -f -t 0 --all > /dev/null
    [ -z "$(lab ls /run/berth/containers)" ]
    [ -z "$(lab sh -c 'ls /run/berth/names')" ]
    [ -z "$(lab ls /var/lib/containers/storage/berth/volatile)" ]
    run lab pgrep -f '^/bin/busybox true'
    [ "$status" -ne 0 ]
}
