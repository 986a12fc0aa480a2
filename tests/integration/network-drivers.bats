# SPDX-License-Identifier: Apache-2.0
# What needs more of the machine than bridges do: VLANs, ipvlan, SCTP; and the programs beside us that touch rules.

bats_require_minimum_version 1.5.0
load systemd-lib.bash
load network-lib.bash

setup() {
    need_systemd
    drop_outside
    make_outside
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab sh -c 'systemctl disable --now berth-network-reload; systemctl stop firewalld sctp-server; ip link del br56' > /dev/null 2>&1 || true
    forget_networks
    drop_outside
}

@test "a bridge with a VLAN: its containers reach each other, and nobody of another VLAN" {
    lab sh -c 'ip link add br56 type bridge vlan_filtering 1 2>/dev/null' || skip "this kernel has no VLANs of bridges"
    lab ip link set br56 up
    for vlan in 10 20; do
        lab berth network create --opt mode=unmanaged --opt vlan=$vlan --interface-name br56 --disable-dns \
            --subnet 10.19$((vlan / 10)).0.0/16 "vlan$vlan"
    done
    web_container web --network vlan10
    web_container peer --network vlan10
    web_container other --network vlan20
    [ "$(fetch_in peer "http://$(address web vlan10):8080/")" = "web $(address peer vlan10)" ]
    lab berth exec --privileged other ip addr add 10.191.200.1/16 dev eth0
    run lab timeout 2 berth exec other wget -qO- "http://$(address web vlan10):8080/"
    [ "$status" -ne 0 ]
}

@test "ipvlan: an address of the parent's network, the parent's hardware address" {
    lab sh -c 'ip link add iv0 link wire0 type ipvlan 2>/dev/null && ip link del iv0' || skip "this kernel has no ipvlan"
    lab berth network create -d ipvlan --opt parent=wire0 --subnet 192.0.2.0/24 --gateway 192.0.2.254 --ip-range 192.0.2.128/25 flat
    web_container web --network flat
    [ "$(fetch_outside "http://$(address web flat):8080/")" = "web 192.0.2.2" ]
    [ "$(lab berth exec web cat /sys/class/net/eth0/address)" = "$(lab cat /sys/class/net/wire0/address)" ]
}

@test "SCTP: a published port is an element, and reaches where the kernel knows the protocol" {
    web_container web -p 8081:8080/sctp
    [[ $(elements ports4) == *"sctp . 8081 : $(address web) . 8080"* ]]
    lab berth ps | grep -q '0.0.0.0:8081->8080/sctp'
    lab python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)' 2> /dev/null ||
        skip "this kernel has no SCTP; the rule is there"
    pid=$(lab berth inspect --format '{{.State.Pid}}' web)
    lab systemd-run -q --unit=sctp-server -p NetworkNamespacePath=/proc/"$pid"/ns/net python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132); s.bind(("", 8080)); s.listen(5)
while True:
    c, a = s.accept(); c.send(a[0].encode()); c.close()'
    until_true 15 outside python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132); s.settimeout(3); s.connect(("192.0.2.1", 8081))
sys.exit(s.recv(99) != b"192.0.2.2")'
}

@test "NetworkManager's dispatcher brings flushed rules back, where the service is enabled" {
    script=/usr/lib/NetworkManager/dispatcher.d/50-berth-network-reload
    [ "$(lab stat -c '%a %u' $script)" = "755 0" ] # or NetworkManager does not run it
    web_container web -p 8081:8080
    lab systemctl enable --now berth-network-reload
    lab nft flush ruleset
    lab $script wire0 down
    run outside curl -sS -m 1 http://192.0.2.1:8081/
    [ "$status" -ne 0 ]
    lab $script wire0 up
    until_true 5 outside curl -sS -m 1 -o /dev/null http://192.0.2.1:8081/
}

@test "firewalld's start and reload bring the rules back in 2 seconds" {
    lab sh -c 'command -v firewalld' > /dev/null || skip "firewalld is not installed"
    lab systemctl start firewalld || skip "firewalld does not run here"
    lab firewall-cmd -q --zone=trusted --change-interface=wire0
    web_container web -p 8081:8080
    lab systemctl enable --now berth-network-reload
    for job in reload restart; do
        lab nft delete table inet berth
        lab systemctl $job firewalld
        until_true 2 outside curl -sS -m 1 -o /dev/null http://192.0.2.1:8081/
    done
}
