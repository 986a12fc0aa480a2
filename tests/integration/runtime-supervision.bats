# SPDX-License-Identifier: Apache-2.0
# systemd is the monitor: what it shows of a container's service, and how it acts on it.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    forget case other
}

# service NAME EXEC [LINE...]: a .container; lines after the first go below [Service].
service() {
    local name=$1 exec=$2
    shift 2
    {
        printf '[Container]\nImage=%s\nNetwork=none\nVolume=%s:/probe:ro\n' $image "$BERTH_TEST_WORK/probe"
        printf 'Exec=%s\n' "$exec"
        printf '[Service]\n'
        [ $# -eq 0 ] || printf '%s\n' "$@"
    } | quadlet "$name.container"
}

@test "the main process is the application itself, a child of the manager, and nothing of berth stays" {
    service case '/probe term 0'
    lab systemctl start case
    pid=$(property case MainPID)
    [ "$(lab cat "/proc/$pid/comm")" = probe ]
    [ "$(lab awk '/^PPid/{print $2}' "/proc/$pid/status")" = 1 ]
    run lab systemd-cgls --no-pager -u case.service
    [[ $output != *berth* ]]
    [ "$(lab sh -c 'cat /sys/fs/cgroup/system.slice/case.service/cgroup.procs | wc -l')" = 0 ]
}

@test "an exit status of a payload that ends at once is recorded, every time" {
    service case "sh -c 'exit 9'"
    rounds=200
    lab sh -c '
        for i in $(seq '$rounds'); do
            systemctl start case || echo "start $i failed"
            while [ "$(systemctl show -P ActiveState case)" = active ]; do :; done
            echo "$(systemctl show -P Result case)/$(systemctl show -P ExecMainStatus case)"
            systemctl reset-failed case
        done | sort | uniq -c' > "$BATS_TEST_TMPDIR/results"
    cat "$BATS_TEST_TMPDIR/results"
    [ "$(awk '{print $1, $2}' "$BATS_TEST_TMPDIR/results")" = "$rounds exit-code/9" ]
}

@test "kill -9 of the payload is Result=signal" {
    service case '/probe term 0'
    lab systemctl start case
    lab kill -9 "$(property case MainPID)"
    until_true 5 sh -c "[ \"\$(sh $top/data/private-systemd.sh exec $BERTH_SYSTEMD systemctl show -P Result case)\" = signal ]"
    [ "$(property case ExecMainStatus)" = 9 ]
    [ "$(property case ActiveState)" = failed ]
}

@test "Restart=on-failure restarts a payload that failed" {
    service case "sh -c 'sleep 0.1; exit 1'" Restart=on-failure RestartSec=10ms StartLimitBurst=3
    lab systemctl start case
    until_true 10 sh -c "[ \"\$(sh $top/data/private-systemd.sh exec $BERTH_SYSTEMD systemctl show -P NRestarts case)\" -ge 2 ]"
}

@test "systemctl stop of a payload that handles SIGTERM ends inactive, and its container is gone" {
    service case '/probe term 0'
    lab systemctl start case
    until_true 5 lab sh -c 'journalctl -b -u case | grep -q ready'
    lab systemctl stop case
    [ "$(property case ActiveState)" = inactive ]
    [ "$(property case Result)" = success ]
    [ -z "$(lab berth ps -aq)" ]
    [ -z "$(lab ls /run/berth/containers)" ]
    [ -z "$(lab ls /var/lib/containers/storage/berth/volatile)" ]
}

@test "the stop signal is the one that was asked for" {
    {
        printf '[Container]\nImage=%s\nNetwork=none\nStopSignal=USR1\n' $image
        printf 'Exec=sh -c %s\n' "'trap \"exit 7\" USR1; echo ready; while :; do sleep 0.05; done'"
    } | quadlet case.container
    lab systemctl start case
    until_true 5 lab sh -c 'journalctl -b -u case | grep -q ready'
    lab systemctl stop case
    [ "$(property case ExecMainStatus)" = 7 ]
}

@test "daemon-reload and daemon-reexec in between change nothing" {
    service case '/probe term 5'
    lab systemctl start case
    pid=$(property case MainPID)
    lab systemctl daemon-reload
    lab systemctl daemon-reexec
    until_true 10 lab systemctl is-system-running --wait
    [ "$(property case MainPID)" = "$pid" ]
    [ "$(property case ActiveState)" = active ]
    lab kill -TERM "$pid"
    until_true 5 sh -c "[ \"\$(sh $top/data/private-systemd.sh exec $BERTH_SYSTEMD systemctl show -P ExecMainStatus case)\" = 5 ]"
}

@test "Notify=true: READY=1 from inside makes the unit active, STATUS= shows, MAINPID= from inside is dropped" {
    lab sh -c 'systemd-run -q --unit=bystander sleep 1000'
    bystander=$(property bystander MainPID)
    {
        printf '[Container]\nImage=%s\nNetwork=none\nNotify=true\nVolume=%s:/probe:ro\n' $image "$BERTH_TEST_WORK/probe"
        printf 'Exec=/probe notify-wait "MAINPID=%s\\nSTATUS=before" "STATUS=serving" "READY=1\\nMAINPID=%s"\n' "$bystander" "$bystander"
        printf '[Service]\nTimeoutStartSec=20\n'
    } | quadlet case.container
    lab systemctl start case
    [ "$(property case ActiveState)" = active ]
    [ "$(property case StatusText)" = serving ]
    pid=$(property case MainPID)
    [ "$pid" != "$bystander" ]
    [ "$(lab cat "/proc/$pid/comm")" = probe ]
    run lab systemd-cgls --no-pager -u case.service
    [[ $output != *berth* ]]
    lab kill -9 "$pid"
    lab systemctl stop case || true
    [ "$(property bystander ActiveState)" = active ]
    lab systemctl stop bystander
}

@test "Notify=true: a payload that never says READY=1 fails its start in time" {
    {
        printf '[Container]\nImage=%s\nNetwork=none\nNotify=true\nVolume=%s:/probe:ro\n' $image "$BERTH_TEST_WORK/probe"
        printf 'Exec=/probe term 0\n[Service]\nTimeoutStartSec=1\n'
    } | quadlet case.container
    run lab systemctl start case
    [ "$status" -ne 0 ]
    [ "$(property case Result)" = timeout ]
}

@test "limits of the file are properties of the unit" {
    {
        printf '[Container]\nImage=%s\nNetwork=none\nMemory=64m\nPidsLimit=50\nVolume=%s:/probe:ro\n' $image "$BERTH_TEST_WORK/probe"
        printf 'Exec=/probe term 0\n'
    } | quadlet case.container
    lab systemctl start case
    [ "$(property case MemoryMax)" = 67108864 ]
    [ "$(property case TasksMax)" = 50 ]
}

@test "a broken file fails its own service with path, line and reason, and no other" {
    printf '[Container]\nImage=%s\nNetwork=none\nImagee=x\nPod=nothing\n' $image | quadlet other.container
    service case '/probe term 0'
    lab systemctl start case
    run lab systemctl start other
    [ "$status" -ne 0 ]
    run lab journalctl -b --no-pager -u other
    [[ $output == *other.container:5* ]]
    [ "$(property case ActiveState)" = active ]
}

@test "10 services started together all run, and all stop" {
    for i in 0 1 2 3 4 5 6 7 8 9; do
        printf '[Container]\nImage=%s\nNetwork=none\nVolume=%s:/probe:ro\nExec=/probe term 0\n' $image "$BERTH_TEST_WORK/probe" |
            lab sh -c "cat > /etc/containers/systemd/many$i.container"
    done
    lab systemctl daemon-reload
    lab sh -c 'systemctl start many0 many1 many2 many3 many4 many5 many6 many7 many8 many9'
    [ "$(lab berth ps -q | wc -l)" = 10 ]
    sleep 0.3
    lab sh -c 'systemctl stop many0 many1 many2 many3 many4 many5 many6 many7 many8 many9'
    [ "$(lab berth ps -aq | wc -l)" = 0 ]
    lab sh -c 'rm /etc/containers/systemd/many*.container; systemctl daemon-reload'
    run lab systemctl list-units --failed --no-legend 'many*'
    [ -z "$output" ]
}
