# SPDX-License-Identifier: Apache-2.0
# commit of running containers, of user namespaces, of an unprivileged user.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

user=berth-commit

setup_file() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab sh -ec "useradd -m -d $BERTH_TEST_WORK/home-$user -s /bin/sh $user
        for f in /etc/subuid /etc/subgid; do sed -i /^$user:/d \$f; echo $user:400000:65536 >> \$f; done
        systemctl start user@\$(id -u $user)
        skopeo copy -q containers-storage:$image docker-archive:$BERTH_TEST_WORK/commit.tar:$image
        chmod 755 $BERTH_TEST_WORK $BERTH_TEST_WORK/commit.tar"
    as berth load -q -i "$BERTH_TEST_WORK/commit.tar"
}

teardown_file() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    as berth rm -f -t 0 --all > /dev/null 2>&1 || true
    as berth rmi -af > /dev/null 2>&1 || true
    lab sh -c "systemctl stop user@\$(id -u $user); userdel -rf $user; rm -f $BERTH_TEST_WORK/commit.tar" 2> /dev/null
}

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
    lab berth rmi localhost/committed:1 localhost/committed:2 > /dev/null 2>&1 || true
}

# as CMD...: as that user, as after a login
as() {
    lab sh -c 'u=$(id -u '"$user"'); exec setpriv --reuid $u --regid $u --init-groups env -i HOME='"$BERTH_TEST_WORK/home-$user"' \
        USER='"$user"' PATH=/usr/bin:/bin:/usr/sbin:/sbin XDG_RUNTIME_DIR=/run/user/$u "$@"' sh "$@"
}

makes='mkdir /made; echo x > /made/file; chown 1000:1000 /made/file; rm /bin/true'
shows='stat -c %u:%g:%a /made/file /bin/busybox; cat /made/file; [ ! -e /bin/true ] && echo gone'
expected='1000:1000:644
0:0:755
x
gone'

@test "a running container, frozen meanwhile and thawed after" {
    lab berth run -d --name live --network none $image sleep 1000
    lab berth exec live sh -c "$makes"
    for flags in '' --pause --squash; do
        lab berth commit -q $flags live localhost/committed:1
        [ "$(lab berth run --rm --network none localhost/committed:1 sh -c "$shows")" = "$expected" ]
    done
    [ "$(lab berth inspect --format '{{.State.Status}}' live)" = running ]
    # what it fails of does not leave it frozen
    run lab berth commit --pause -c 'FOO x' live localhost/committed:2
    [ "$status" -eq 125 ]
    [ "$(lab berth inspect --format '{{.State.Status}}' live)" = running ]
}

@test "a user namespace's container gives an image with the ids inside" {
    lab berth run -d --name mapped --network none --userns auto $image sleep 1000
    lab berth exec mapped sh -c "$makes"
    lab berth commit -q mapped localhost/committed:1
    lab berth commit -q --squash mapped localhost/committed:2
    for n in 1 2; do
        [ "$(lab berth run --rm --network none localhost/committed:$n sh -c "$shows")" = "$expected" ]
    done
    lab berth stop -t 0 mapped
    lab berth commit -q mapped localhost/committed:1
    [ "$(lab berth run --rm --network none localhost/committed:1 sh -c "$shows")" = "$expected" ]
}

@test "an unprivileged user's container, running and stopped, and one with a namespace of its own" {
    as berth run -d --name mine --network none $image sleep 1000
    as berth exec mine sh -c "$makes"
    as berth commit -q --pause mine localhost/committed:1
    as berth commit -q --squash mine localhost/committed:2
    as berth stop -t 0 mine
    as berth commit -q mine localhost/committed:3
    for n in 1 2 3; do
        [ "$(as berth run --rm --network none localhost/committed:$n sh -c "$shows")" = "$expected" ]
    done
    as berth run --name inner --network none --uidmap 0:1:5000 --gidmap 0:1:5000 $image sh -c "$makes"
    as berth commit -q inner localhost/committed:4
    [ "$(as berth run --rm --network none localhost/committed:4 sh -c "$shows")" = "$expected" ]
    as berth system fsck
}
