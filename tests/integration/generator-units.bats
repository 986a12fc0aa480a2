# SPDX-License-Identifier: Apache-2.0
# What the generator makes, as systemd sees it: loud units, links, health timers, systemctl enable.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab sh -c 'systemctl stop berth-units.path 2>/dev/null; rm -rf /etc/containers/systemd/sub /etc/systemd/system/case.service.d'
    forget case bad other
    lab sh -c 'rm -f /etc/containers/systemd/case*; berth quadlet sync'
}

# drop NAME.EXT: standard input as a unit file, without a reload.
drop() {
    lab mkdir -p /etc/containers/systemd
    lab sh -c "cat > /etc/containers/systemd/$1"
}

enabled() {
    lab systemctl is-enabled "$1"
}

is_state() {
    [ "$(enabled "$1")" = "$2" ]
}

installable() {
    printf '[Unit]\nDescription=Case\n[Container]\nImage=%s\n[Install]\nWantedBy=%s\n' "$image" "${1:-multi-user.target}"
}

@test "a file that cannot be used is a service that says why" {
    printf '[Container]\nImage=%s\nStopTimeot=3\n[Quadlet]\nStrict=yes\n' "$image" | quadlet bad.container
    run lab systemctl status bad
    [[ $output == *"bad.container:3:1: error: unsupported key 'StopTimeot'"*"did you mean 'StopTimeout='?"* ]]
    run ! lab systemctl start bad
    [ "$(property bad Result)" = exit-code ]
    [ "$(property bad ExecMainStatus)" = 78 ]
    [[ $(property bad StatusText) == *"did you mean 'StopTimeout='?"* ]]
    run lab journalctl -b -u bad -p err -o cat --no-pager
    [[ $output == *"bad.container:3:1: error"* ]]
}

@test "one bad file does not stop the others" {
    printf 'nonsense\n' | drop bad.container
    installable | quadlet case.container
    [ "$(property case LoadState)" = loaded ]
    [ "$(property case Description)" = Case ]
}

@test "without the path unit [Install] makes links, as in Quadlet" {
    installable | quadlet case.container
    [ "$(enabled case || true)" = generated ]
    lab test -L /run/systemd/generator/multi-user.target.wants/case.service
}

@test "a dropped file can be enabled and disabled without a reload by hand" {
    lab systemctl start berth-units.path
    installable | drop case.container
    until_true 10 is_state case enabled
    lab systemctl disable case
    [ "$(enabled case || true)" = disabled ]
    lab systemctl daemon-reload
    [ "$(enabled case || true)" = disabled ]
    run ! lab test -e /run/systemd/generator/multi-user.target.wants/case.service
    lab systemctl enable case
    [ "$(enabled case)" = enabled ]
    lab systemctl mask case
    [ "$(enabled case || true)" = masked ]
    lab systemctl unmask case
    lab systemctl preset case
    [ "$(enabled case)" = enabled ]
    [ "$(property case FragmentPath)" = /etc/systemd/system.attached/case.service ]
    [ "$(property case SourcePath)" = /etc/containers/systemd/case.container ]
    [ "$(property case NeedDaemonReload)" = no ]
}

@test "drop-ins of the administrator win over ours" {
    lab systemctl start berth-units.path
    installable | drop case.container
    until_true 10 is_state case enabled
    lab mkdir -p /etc/systemd/system/case.service.d
    printf '[Unit]\nDescription=Admin\n' | lab sh -c 'cat > /etc/systemd/system/case.service.d/override.conf'
    lab systemctl daemon-reload
    [ "$(property case Description)" = Admin ]
}

@test "an edited [Install] moves the links, a removed file takes stub and links along" {
    lab systemctl start berth-units.path
    installable | drop case.container
    until_true 10 is_state case enabled
    installable default.target | drop case.container
    until_true 10 lab test -L /etc/systemd/system/default.target.wants/case.service
    run ! lab test -e /etc/systemd/system/multi-user.target.wants/case.service
    lab rm /etc/containers/systemd/case.container
    until_true 10 lab sh -c '! test -e /etc/systemd/system.attached/case.service'
    [ -z "$(lab find /etc/systemd/system -name case.service)" ]
    until_true 10 lab sh -c '! systemctl cat case'
}

@test "a preset that says disable is followed, once" {
    printf 'disable case.service\n' | lab sh -c 'mkdir -p /etc/systemd/system-preset; cat > /etc/systemd/system-preset/00-case.preset'
    installable | drop case.container
    lab berth quadlet sync
    [ "$(enabled case || true)" = disabled ]
    lab systemctl enable case
    lab berth quadlet sync
    [ "$(enabled case)" = enabled ]
    lab rm /etc/systemd/system-preset/00-case.preset
}

@test "a file in a new sub-folder is seen" {
    lab systemctl start berth-units.path
    lab mkdir -p /etc/containers/systemd/sub
    until_true 10 lab sh -c 'systemctl cat berth-units.path | grep -q systemd/sub'
    installable | drop sub/case.container
    until_true 10 is_state case enabled
}

@test "a health check runs by its timer while the container does" {
    printf '[Container]\nImage=%s\nHealthCmd=true\nHealthInterval=1s\n' "$image" | drop case.container
    # a stand-in for the container: this is about the units
    lab mkdir -p /etc/systemd/system/case.service.d /run/systemd/system/case-health.service.d
    printf '[Service]\nType=exec\nExecStart=\nExecStart=/bin/sleep 100\n' |
        lab sh -c 'cat > /etc/systemd/system/case.service.d/stand-in.conf'
    printf '[Service]\nExecStart=\nExecStart=/bin/sh -c "echo checked >> /run/case-checks"\n' |
        lab sh -c 'cat > /run/systemd/system/case-health.service.d/stand-in.conf'
    lab systemctl daemon-reload
    [ "$(property case-health.service StartLimitIntervalUSec)" = 0 ]
    lab systemctl start case
    [ "$(property case-health.timer ActiveState)" = active ]
    # more checks than the default start limit of a service allows
    until_true 15 lab sh -c '[ "$(wc -l < /run/case-checks)" -ge 6 ]'
    lab systemctl restart case
    until_true 5 lab sh -c '[ "$(systemctl show -P ActiveState case-health.timer)" = active ]'
    lab systemctl stop case
    until_true 5 lab sh -c '[ "$(systemctl show -P ActiveState case-health.timer)" = inactive ]'
    lab rm -r /run/systemd/system/case-health.service.d /run/case-checks
}

@test "install, list, print and rm" {
    lab mkdir -p /tmp/app
    printf '# FileName=case\n[Container]\nImage=localhost/x\n---\n# FileName=casedata\n[Volume]\n' |
        lab sh -c 'cat > /tmp/app/case.quadlets'
    run -0 lab berth quadlet install /tmp/app/case.quadlets
    [ "${#lines[@]}" = 2 ]
    run -0 lab berth quadlet list --noheading --filter name=case.container --format '{{.Name}} {{.Status}} {{.App}}'
    [ "$output" = 'case.container inactive/dead .case.app' ]
    run -0 lab berth quadlet print casedata.volume
    [[ $output == *'[Volume]'* ]]
    run -125 lab berth quadlet install /tmp/app/case.quadlets
    [[ $output == *'refusing to overwrite'* ]]
    run -0 lab berth quadlet rm casedata.volume
    [ "${#lines[@]}" = 2 ]
    run -4 lab systemctl status case
    run -125 lab berth quadlet rm case.container
    run -0 lab berth quadlet rm --ignore case.container
}

@test "lint needs no systemd, and tells what an older release refuses" {
    lab mkdir -p /tmp/lint
    printf '[Container]\nImage=localhost/x\nMemory=1g\n' | lab sh -c 'cat > /tmp/lint/a.container'
    run -0 lab berth quadlet lint /tmp/lint
    [ -z "$output" ]
    run -1 lab berth quadlet lint --target podman-5.4 /tmp/lint/a.container
    [[ $output == *'a.container:3:1: error: Memory= came with Podman 5.5'*'[unsupported-key]'* ]]
    run -2 lab berth quadlet lint --target nothing
    lab sh -c 'berth quadlet lint --target podman-5.4 --format sarif /tmp/lint | python3 -c "import json,sys; r=json.load(sys.stdin); assert r[\"runs\"][0][\"results\"][0][\"ruleId\"] == \"unsupported-key\""'
}
