# SPDX-License-Identifier: Apache-2.0
# Secrets, Podman's and ours alike, and the credentials of a unit.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    forget cred
    lab sh -c 'berth rm -f -t 0 --all; berth secret rm --all' > /dev/null 2>&1 || true
}

secret() { # NAME TEXT [FLAGS...]
    local name=$1 text=$2
    shift 2
    lab sh -c "printf '%s' '$text' | berth secret create $* $name -"
}

@test "create, ls, inspect, exists and rm, in Podman's words" {
    id=$(secret s1 hello --label a=b)
    [[ $id =~ ^[0-9a-f]{25}$ ]]
    run secret s1 again
    [ "$status" = 125 ]
    [ "$output" = "Error: s1: secret name in use" ]
    new=$(secret s1 again --replace)
    [ "$new" != "$id" ]
    run lab berth secret ls
    [[ ${lines[0]} == "ID                         NAME        DRIVER      CREATED"*"UPDATED" ]]
    [[ ${lines[1]} == "$new  s1          file        "* ]]
    run lab berth secret inspect s1 --format '{{.Spec.Name}} {{.Spec.Driver.Name}} {{.Spec.Labels}}'
    [ "$output" = "s1 file map[]" ]
    [ "$(lab berth secret inspect s1 --showsecret --format '{{.SecretData}}')" = again ]
    run lab berth secret inspect s1
    [[ $output != *again* ]]
    lab berth secret exists s1
    run lab berth secret exists nope
    [ "$status" = 1 ]
    run lab berth secret rm nope
    [[ $output == *'no secret with name or id "nope": no such secret' ]]
    lab berth secret rm --ignore nope
    run secret bad/name x
    [[ $output == *"can not include"* ]]
    run secret empty ''
    [[ $output == *"must be larger than 0"* ]]
    [ "$(lab berth secret rm s1)" = "$new" ]
    [ "$(lab env S=fromenv berth secret create --env s2 S | wc -c)" = 26 ]
    [ "$(lab berth secret inspect s2 --showsecret --format '{{.SecretData}}')" = fromenv ]
}

@test "Podman reads ours, berth reads Podman's, and the files are only root's" {
    secret ours word > /dev/null
    [ "$(lab podman secret inspect ours --format '{{.Spec.Name}}')" = ours ]
    lab sh -c 'printf podmans | podman secret create theirs -' > /dev/null
    [ "$(lab berth run --rm --network none --secret theirs $image cat /run/secrets/theirs)" = podmans ]
    [ "$(lab stat -c %a /var/lib/containers/storage/secrets/filedriver/secretsdata.json)" = 600 ]
    lab podman secret rm ours > /dev/null
    run lab berth secret ls -q
    [ "${#lines[@]}" = 1 ]
}

@test "as file with owner and mode, as variable, and nowhere else" {
    secret s1 word > /dev/null
    run lab berth run --rm --network none --secret s1 --secret source=s1,target=/a/b,uid=5,gid=6,mode=0640 \
        --secret s1,type=env,target=WORD $image sh -c 'cat /run/secrets/s1; echo; stat -c "%u:%g %a" /a/b; echo $WORD; echo x > /run/secrets/s1'
    [ "${lines[0]}" = word ]
    [ "${lines[1]}" = "5:6 640" ]
    [ "${lines[2]}" = word ]
    [[ ${lines[3]} == *"Read-only"* ]]
    lab berth run -d --name holder --network none --secret s1,type=env,target=WORD $image sleep 1000 > /dev/null
    run lab berth inspect holder
    [[ $output != *word* ]]
    run lab sh -c 'grep -rl word /run/berth/containers /var/lib/containers/storage/berth /run/systemd/transient 2>/dev/null'
    [ -z "$output" ]
    run lab berth run --rm --network none --secret nope $image true
    [ "$status" = 125 ]
    [ "$output" = 'Error: no secret with name or id "nope": no such secret' ]
    run lab berth run --rm --network none --secret s1,type=paper $image true
    [[ $output == *"type should be either env or mount"* ]]
}

@test "credentials of the unit are there, for the payload's user, and come before secrets" {
    lab sh -c 'echo from-file > /etc/cred-file'
    secret both from-store > /dev/null
    quadlet cred.container <<UNIT
[Container]
Image=$image
Network=none
User=app
Secret=both
Exec=sh -c 'echo \$\$CREDENTIALS_DIRECTORY; cat \$\$CREDENTIALS_DIRECTORY/file \$\$CREDENTIALS_DIRECTORY/text; cat /run/secrets/both; touch \$\$CREDENTIALS_DIRECTORY/x'
[Service]
LoadCredential=file:/etc/cred-file
SetCredential=text:from-text
SetCredential=both:from-credential
Restart=no
UNIT
    lab systemctl start cred || true
    until_true 10 sh -c "sh '$top/data/private-systemd.sh' exec $BERTH_SYSTEMD journalctl -u cred -o cat | grep -q Read-only"
    run lab journalctl -u cred -o cat
    [[ $output == *"/run/credentials/cred.service"* ]]
    [[ $output == *from-file* ]]
    [[ $output == *from-text* ]]
    [[ $output == *from-credential* ]]
    [[ $output != *from-store* ]]
}
