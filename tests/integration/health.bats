# SPDX-License-Identifier: Apache-2.0
# Health checks: the verb, the units, readiness, actions and the watchdog.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    forget well
    lab sh -c 'berth rm -f -t 0 --all; rm -rf /run/well /run/hlog' > /dev/null 2>&1 || true
}

health() { # CONTAINER
    lab berth inspect "$1" --format '{{.State.Health.Status}} {{.State.Health.FailingStreak}}'
}

is_health() { # CONTAINER "STATUS STREAK"
    [ "$(health "$1")" = "$2" ]
}

start_checked() { # NAME FLAGS...
    local name=$1
    shift
    lab berth run -d --name "$name" --network none "$@" "$image" sleep 1000 > /dev/null
}

@test "the verb: healthy, unhealthy after the retries, and what is no check" {
    start_checked h1 --health-cmd 'test -e /ok || { echo not yet; exit 3; }' --health-interval 1h \
        --health-retries 2
    # the first check came with the start
    until_true 10 is_health h1 'starting 1'
    run lab berth healthcheck run h1
    [ "$status" = 1 ]
    [ "$output" = unhealthy ]
    [ "$(health h1)" = 'unhealthy 2' ]
    [[ $(lab berth ps --format '{{.Status}}') == "Up "*" (unhealthy)" ]]
    [ "$(lab berth ps -q --filter health=healthy)" = "" ]
    [ -n "$(lab berth ps -q --filter health=unhealthy)" ]
    [ "$(lab berth inspect h1 --format '{{(index .State.Health.Log 1).ExitCode}} {{(index .State.Health.Log 1).Output}}')" = "3 not yet" ]
    lab berth exec h1 touch /ok
    run -0 lab berth healthcheck run h1
    [ "$output" = "" ]
    [ "$(health h1)" = 'healthy 0' ]
    run lab berth healthcheck run nope
    [ "$status" = 125 ]
    [ "$output" = 'Error: unable to look up nope to perform a health check: no container with name or ID "nope" found: no such container' ]
    start_checked h2
    run lab berth healthcheck run h2
    [ "$status" = 125 ]
    [[ $output == "Error: container "*" has no defined healthcheck" ]]
    lab berth stop -t 0 h1 > /dev/null
    run lab berth healthcheck run h1
    [[ $output == "Error: container "*" is not running" ]]
}

@test "inspect shows the configuration as Podman does" {
    local flags="--health-cmd true --health-interval 1h --health-retries 5 --health-timeout 3s --health-start-period 7s --health-startup-cmd true --health-on-failure=kill"
    local format='{{json .Config.Healthcheck}} {{json .Config.StartupHealthCheck}} {{.Config.HealthcheckOnFailureAction}} {{.Config.HealthLogDestination}}'
    # shellcheck disable=SC2086
    lab berth create --name h3 $flags "$image" true > /dev/null
    ours=$(lab berth inspect h3 --format "$format")
    [ "$ours" = '{"Test":["CMD-SHELL","true"],"Interval":3600000000000,"Timeout":3000000000,"Retries":5,"StartPeriod":7000000000} {"Test":["CMD-SHELL","true"],"Interval":30000000000,"Timeout":30000000000} kill local' ]
    run lab berth create --health-cmd true --health-on-failure nonsense "$image"
    [[ $output == *"invalid on-failure action nonsense for health check"* ]]
    run lab berth create --sdnotify healthy "$image"
    [[ $output == *'sdnotify policy "healthy" requires a healthcheck to be set'* ]]
    run lab berth create --health-cmd true --no-healthcheck "$image"
    [[ $output == *"cannot specify both --no-healthcheck and --health-cmd"* ]]
}

@test "a check that hangs is killed and counts, one that is missing counts, logs stay short" {
    start_checked h1 --health-cmd 'echo begun; sleep 100' --health-interval disable \
        --health-timeout 500ms --health-retries 1 --health-max-log-count 2 --health-max-log-size 3
    run lab timeout 10 berth healthcheck run h1
    [ "$output" = unhealthy ]
    lab berth healthcheck run h1 || true
    lab berth healthcheck run h1 || true
    [ "$(lab berth inspect h1 --format '{{len .State.Health.Log}} {{(index .State.Health.Log 0).Output}}')" = "2 beg" ]
    run lab berth exec h1 ps
    [[ $output == *"sleep 1000"* ]]
    [[ $output != *"sleep 100"[!0]* ]]
    lab mkdir -p /run/hlog
    start_checked h2 --health-cmd '["/no/such"]' --health-interval disable --health-retries 1 \
        --health-log-destination /run/hlog
    run lab berth healthcheck run h2
    [ "$output" = unhealthy ]
    lab sh -c 'grep -q "\"ExitCode\":127" /run/hlog/*-healthcheck.log'
}

@test "Notify=healthy: the start lasts until the first good check, failures in the start period do not count" {
    lab mkdir -p /run/well
    quadlet well.container <<EOF
[Container]
Image=$image
Exec=sleep 1000
Network=none
Volume=/run/well:/well
Notify=healthy
HealthCmd=test -e /well/ok
HealthInterval=300ms
HealthRetries=1
HealthStartPeriod=60s
[Service]
TimeoutStartSec=2
EOF
    lab systemctl start --no-block well
    until_true 10 lab berth exec systemd-well true
    sleep 3 # longer than the unit's own limit
    [ "$(property well ActiveState)" = activating ]
    [ "$(health systemd-well)" = 'starting 0' ]
    lab touch /run/well/ok
    until_true 10 is_active well
    [ "$(health systemd-well)" = 'healthy 0' ]
    [ "$(property well-health.service Result)" = success ]
    # quiet: only the change of state is in the journal
    until_true 5 lab sh -c 'journalctl -b --no-pager MESSAGE_ID=2352d85087b345f9b85e933c615d6a7a | grep -q "Container systemd-well is healthy"'
    [ "$(lab journalctl -b --no-pager -u well-health.service | grep -c Finished)" = 0 ]
}

is_active() {
    [ "$(property "$1" ActiveState)" = active ]
}

restarted() {
    [ "$(property "$1" NRestarts)" -ge 1 ]
}

@test "on failure: kill leaves it to Restart=, stop stops the unit, restart restarts it" {
    lab mkdir -p /run/well
    checked_unit() { # ACTION [SERVICE LINES]
        quadlet well.container <<EOF
[Container]
Image=$image
Exec=sh -c 'trap "exit 0" TERM; sleep 1000 & wait'
Network=none
Volume=/run/well:/well
HealthCmd=test -e /well/ok
HealthInterval=300ms
HealthRetries=2
HealthOnFailure=$1
[Service]
${2:-}
EOF
        lab touch /run/well/ok
        lab systemctl start well
        until_true 10 is_health systemd-well 'healthy 0'
        lab rm /run/well/ok
    }
    checked_unit kill Restart=on-failure
    until_true 10 restarted well
    lab systemctl stop well
    checked_unit stop
    until_true 15 lab sh -c '[ "$(systemctl show -P ActiveState well)" = inactive ]'
    [ "$(property well Result)" = success ]
    checked_unit restart
    before=$(property well MainPID)
    until_true 15 lab sh -c "[ \"\$(systemctl show -P MainPID well)\" != $before ]"
}

@test "a passing check feeds the watchdog, a failing one lets systemd act" {
    lab mkdir -p /run/well
    lab touch /run/well/ok
    quadlet well.container <<EOF
[Container]
Image=$image
Exec=sleep 1000
Network=none
Volume=/run/well:/well
HealthCmd=test -e /well/ok
HealthInterval=300ms
[Service]
WatchdogSec=2
EOF
    lab systemctl start well
    sleep 4
    [ "$(property well ActiveState)" = active ]
    lab rm /run/well/ok
    until_true 10 lab sh -c '[ "$(systemctl show -P Result well)" = watchdog ]'
}

@test "a startup check comes first, and restarts what does not start" {
    start_checked h1 --health-cmd true --health-interval 1h --health-startup-cmd 'test -e /up' \
        --health-startup-interval 300ms
    until_true 10 lab sh -c 'berth inspect h1 --format "{{len .State.Health.Log}}" | grep -q "[2-9]"'
    [ "$(health h1)" = 'starting 0' ]
    run lab berth healthcheck run h1
    [ "$output" = starting ]
    lab berth exec h1 touch /up
    until_true 10 is_health h1 'healthy 0'
    start_checked h2 --health-cmd true --health-startup-cmd false --health-startup-retries 2 \
        --health-startup-interval 300ms
    before=$(lab berth inspect h2 --format '{{.State.Pid}}')
    until_true 10 lab sh -c "p=\$(berth inspect h2 --format '{{.State.Pid}}'); [ \$p != 0 ] && [ \$p != $before ]"
}

@test "checks end with their container, in the foreground too" {
    lab sh -c "berth run --rm --name h1 --network none --health-cmd true --health-interval 300ms $image sleep 2" &
    until_true 10 is_health h1 'healthy 0'
    wait $!
    until_true 10 lab sh -c '! systemctl list-timers --all | grep -q health'
    start_checked h2 --health-cmd true --health-interval 300ms
    lab systemctl list-timers --all | grep -q h2-health.timer
    lab berth stop -t 0 h2 > /dev/null
    until_true 10 lab sh -c '! systemctl list-timers --all | grep -q health'
    [ "$(lab systemctl --failed --no-legend | grep -c health)" = 0 ]
}
