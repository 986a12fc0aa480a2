# SPDX-License-Identifier: Apache-2.0
# An unprivileged user's containers on bridges: one shared network namespace, a unit of the user's manager with
# pasta as its main process.

bats_require_minimum_version 1.5.0
load systemd-lib.bash
load user-lib.bash
load network-lib.bash

user=berth-bridgeuser
unit=berth-rootless-netns.service

setup_file() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    make_user 500000
}

teardown_file() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    drop_user
}

setup() {
    need_systemd
    lab sh -c 'command -v pasta' > /dev/null || skip "pasta is not installed"
    lab test -c /dev/net/tun || skip "this machine has no /dev/net/tun"
    drop_outside
    make_outside
    lab chmod 666 /dev/net/tun # as udev does, which does not run here
    lab ip route add default via 192.0.2.2 # pasta copies the interface of the default route
    lab ip -6 route add default via 2001:db8::2
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    as systemctl --user stop 'web*.service' 2> /dev/null || true
    as berth rm -f -t 0 --all > /dev/null 2>&1 || true
    as berth network prune -f > /dev/null 2>&1 || true
    as sh -c 'rm -rf $HOME/.config/containers/systemd; systemctl --user daemon-reload'
    lab systemctl stop world 2> /dev/null || true
    drop_outside
}

# user_web NAME FLAGS...: answers on TCP and UDP port 8080 with its name and the address of who asked.
user_web() {
    local name=$1
    shift
    as berth run -d --name "$name" "$@" -v "$BERTH_TEST_WORK/probe:/probe:ro" $image /probe who 8080 "$name" > /dev/null
}

user_address() {
    as berth inspect --format "{{(index .NetworkSettings.Networks \"$2\").IPAddress}}" "$1"
}

user_fetch() {
    as timeout 10 berth exec "$1" wget -qO- "$2"
}

# What accepts on the host is a process: a server that is not up yet shows as a reset, not as a refusal.
reach() {
    lab curl -sS -g -m 5 --retry 40 --retry-all-errors --retry-delay 0 --retry-max-time 15 "$1"
}

reach_outside() {
    outside curl -sS -g -m 5 --retry 40 --retry-all-errors --retry-delay 0 --retry-max-time 15 "$1"
}

unit_is() {
    [ "$(as systemctl --user is-active $unit)" = "$1" ]
}

# A process of that user by its own name is gone.
no_process() {
    until_true 10 sh -c "! sh '$top/data/private-systemd.sh' exec '$BERTH_SYSTEMD' pgrep -u $user '$1' > /dev/null"
}

@test "two containers on a network of their user reach each other by name, and the world" {
    lab systemd-run -q --unit=world -p NetworkNamespacePath=/run/netns/outside "$BERTH_TEST_WORK/probe" who 8090 world
    until_true 10 outside sh -c 'ss -ltn | grep -q 8090'
    as berth network create front
    user_web one --network front
    user_web two --network front:alias=zwei
    unit_is active
    [ "$(as systemctl --user show -P MainPID $unit)" = "$(lab pgrep -u $user -f '^[^ ]*pasta')" ]
    until_true 10 user_fetch one http://two:8080/
    [ "$(user_fetch one http://two:8080/)" = "two $(user_address one front)" ]
    [ "$(user_fetch two http://one:8080/)" = "one $(user_address two front)" ]
    [ "$(user_fetch one http://zwei:8080/)" = "two $(user_address one front)" ]
    [ "$(user_fetch one http://192.0.2.2:8090/)" = "world 192.0.2.1" ]
    if [[ $(lab pasta --help 2>&1) == *--map-guest-addr* ]]; then
        lab systemd-run -q --unit=own "$BERTH_TEST_WORK/probe" who 8095 own
        as berth exec one grep '^169.254.1.2.*host.containers.internal' /etc/hosts
        until_true 10 user_fetch one http://host.containers.internal:8095/
        lab systemctl stop own
    else
        run as berth exec one grep host.containers.internal /etc/hosts
        [ "$status" = 1 ]
    fi
    as berth rm -f -t 0 one
    unit_is active
    as berth rm -f -t 0 two
    until_true 10 unit_is inactive
    no_process '^passt|^pasta'
    no_process berth-netns
    no_process aardvark
}

@test "two networks of a user do not see each other's names; isolated ones nothing; connect and disconnect" {
    as berth network create -o isolate=true left
    as berth network create -o isolate=true right
    user_web one --network left
    user_web two --network right
    two=$(user_address two right)
    run user_fetch one http://two:8080/
    [ "$status" != 0 ]
    run user_fetch one "http://$two:8080/"
    [ "$status" != 0 ]
    as berth network connect right one
    [ "$(user_fetch one "http://$two:8080/")" = "two $(user_address one right)" ]
    as berth network disconnect right one
    run user_fetch one "http://$two:8080/"
    [ "$status" != 0 ]
}

@test "published ports: real client addresses over TCP and UDP, IPv4 and IPv6; taken ones are refused" {
    as berth network create --ipv6 front
    user_web web --network front -p 8085:8080 -p 8085:8080/udp -p 127.0.0.1:8086:8080
    [ "$(reach_outside http://192.0.2.1:8085/)" = "web 192.0.2.2" ]
    [ "$(reach_outside 'http://[2001:db8::1]:8085/')" = "web 2001:db8::2" ]
    [ "$(ask_outside 192.0.2.1 8085)" = "web 192.0.2.2" ]
    [ "$(ask_outside 2001:db8::1 8085)" = "web 2001:db8::2" ]
    [[ $(reach http://127.0.0.1:8085/) == "web 10.89."* ]] # a bridge carries no 127.0.0.1
    [[ $(reach http://127.0.0.1:8086/) == "web 10.89."* ]]
    [[ $(ask 127.0.0.1 8085) == "web 10.89."* ]]
    run -7 outside curl -sS -m 5 http://192.0.2.1:8086/
    as berth ps | grep -q '0.0.0.0:8085->8080/tcp'
    run as berth run --rm --network front -p 8085:80 $image true
    [ "$status" = 126 ]
    [[ $output == *"8085: bind: address already in use"* ]]
    user_web other --network front -p 8087:8080 # containers reach it by the host's address, too
    [[ $(user_fetch other http://192.0.2.1:8085/) == "web "* ]]
    as berth rm -f -t 0 web other
    no_process berth-publish
    [ "$(lab ss -Hltn 'sport = :8085')" = "" ]
}

@test "much data goes through a published port and arrives as it was" {
    as berth network create front
    sum=$(head -c 20000000 /dev/zero | sha256sum)
    as berth run -d --name sink --network front -p 8085:8080 $image \
        sh -c 'test "$(nc -l -p 8080 | sha256sum)" = "'"$sum"'"' > /dev/null
    until_true 10 outside python3 -c 'import socket; s = socket.create_connection(("192.0.2.1", 8085), 5)
s.sendall(bytes(20000000)); s.shutdown(socket.SHUT_WR); s.recv(1)'
    [ "$(as berth wait sink)" = 0 ]
}

@test ".container and .network files of a user's manager; restart" {
    as sh -ec 'd=$HOME/.config/containers/systemd; mkdir -p $d
        printf "[Network]\nNetworkName=quads\n" > $d/quad.network
        printf "[Container]\nContainerName=web\nImage='$image'\nNetwork=quad.network\nPublishPort=8085:8080\nVolume='"$BERTH_TEST_WORK"'/probe:/probe:ro\nExec=/probe who 8080 web\n" > $d/web.container
        systemctl --user daemon-reload; systemctl --user start web.service' || { as journalctl --user -n 40 --no-pager; false; }
    [ "$(reach_outside http://192.0.2.1:8085/)" = "web 192.0.2.2" ]
    as systemctl --user restart web.service
    [ "$(reach_outside http://192.0.2.1:8085/)" = "web 192.0.2.2" ]
    pid=$(as systemctl --user show -P MainPID web.service)
    [ "$(lab cat /proc/"$pid"/comm)" = probe ]
    as systemctl --user stop web.service
    until_true 10 unit_is inactive
    no_process berth-publish
}

@test "pasta killed: it comes back to the same namespaces, and the containers are served again" {
    as berth network create front
    user_web web --network front -p 8085:8080
    user_web peer --network front
    lab systemd-run -q --unit=world -p NetworkNamespacePath=/run/netns/outside "$BERTH_TEST_WORK/probe" who 8090 world
    before=$(as systemctl --user show -P MainPID $unit)
    lab kill -9 "$before"
    until_true 20 lab pgrep -u $user '^passt|^pasta'
    until_true 20 unit_is active
    [ "$(as systemctl --user show -P MainPID $unit)" != "$before" ]
    [ "$(reach_outside http://192.0.2.1:8085/)" = "web 192.0.2.2" ]
    until_true 10 user_fetch web http://192.0.2.2:8090/
    user_web late --network front # whoever comes now finds the same network
    [ "$(user_fetch late http://web:8080/)" = "web $(user_address late front)" ]
}

@test "a launcher killed at any moment leaks no process, address or unit" {
    as berth network create front
    for delay in 0.02 0.05 0.08 0.12 0.2; do
        as timeout -s KILL $delay berth run --rm --name k"${delay#0.}" --network front -p 8085:8080 $image sleep 1 || true
    done
    until_true 15 sh -c "! sh '$top/data/private-systemd.sh' exec '$BERTH_SYSTEMD' pgrep -u $user sleep"
    no_process berth-publish
    user_web web --network front -p 8085:8080
    [ "$(reach_outside http://192.0.2.1:8085/)" = "web 192.0.2.2" ]
    as berth rm -f -t 0 --all
    until_true 10 unit_is inactive
    no_process berth-netns
}

@test "many at once, and again: the unit starts once and stops after the last; user namespaces of their own" {
    as berth network create front
    for round in 1 2 3; do
        as sh -c "for i in 1 2 3 4 5 6; do berth run --rm --network front $image sh -c 'ip -4 -o addr show eth0' & done; wait" > "$BATS_TEST_TMPDIR/out"
        [ "$(grep -o 'inet 10.89.[0-9.]*' "$BATS_TEST_TMPDIR/out" | sort -u | wc -l)" = 6 ]
    done
    until_true 10 unit_is inactive
    no_process berth-netns
    [ "$(as berth run --rm --network front --userns keep-id $image id -u)" = "$(lab id -u $user)" ]
    user_web web --network front --userns auto
    user_web peer --network front
    [ "$(user_fetch peer http://web:8080/)" = "web $(user_address peer front)" ]
}
