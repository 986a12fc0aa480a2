# SPDX-License-Identifier: Apache-2.0
# Bridges: both families, several networks, isolation, names, many containers at once, killed launchers,
# flushed rules.

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
    lab systemctl stop nftables 'many*' 2> /dev/null || true
    forget_networks
    drop_outside
}

cannot() { # NAME URL: within 2 seconds
    run lab timeout 2 berth exec "$1" wget -qO- "$2"
    [ "$status" -ne 0 ]
}

@test "two families: addresses, routes, published ports, TCP and UDP, the client's address is real" {
    lab berth network create --ipv6 --subnet 10.150.0.0/24 --subnet fd00:150::/64 dual
    web_container web --network dual -p 8081:8080 -p 8081:8080/udp
    web_container peer --network dual
    [ "$(address6 web dual)" = fd00:150::2 ]
    [ "$(fetch_in peer "http://[fd00:150::2]:8080/")" = "web fd00:150::3" ]
    [ "$(ask_in peer fd00:150::2 8080)" = "web fd00:150::3" ]
    [ "$(fetch_outside "http://[2001:db8::1]:8081/")" = "web 2001:db8::2" ]
    [ "$(ask_outside 2001:db8::1 8081)" = "web 2001:db8::2" ]
    [ "$(fetch_outside http://192.0.2.1:8081/)" = "web 192.0.2.2" ]
    [ "$(ask_outside 192.0.2.1 8081)" = "web 192.0.2.2" ]
    [ "$(lab curl -sS -m 3 http://localhost:8081/)" = "web 10.150.0.1" ] # ::1 is refused at once, not lost
    run lab curl -sS -m 3 "http://[::1]:8081/"
    [ "$status" = 7 ]
    lab systemd-run -q --unit=many-world -p NetworkNamespacePath=/run/netns/outside "$BERTH_TEST_WORK/probe" who 8090 world
    until_true 10 outside sh -c 'ss -ltn | grep -q 8090'
    [ "$(ask_in web 2001:db8::2 8090)" = "world 2001:db8::1" ]
    [ "$(fetch_in web "http://[2001:db8::2]:8090/")" = "world 2001:db8::1" ]
    lab berth exec web cat /etc/hosts | grep -q '^fd00:150::2'
}

@test "several networks: an interface each, a default route, aliases, static addresses" {
    lab berth network create --subnet 10.151.0.0/24 a
    lab berth network create --subnet 10.152.0.0/24 --opt no_default_route=1 --opt mtu=1300 --route 10.99.0.0/16,10.152.0.9,7 b
    web_container web --network a:ip=10.151.0.9 --network b:mac=02:00:00:00:00:07,interface_name=side
    run lab berth exec web sh -c 'ip addr; ip route'
    [[ $output == *"inet 10.151.0.9/24"*eth0* ]]
    [[ $output == *"inet 10.152.0.2/24"*side* ]]
    [[ $output == *02:00:00:00:00:07* ]]
    [[ $output == *"side"*"mtu 1300"* ]]
    [[ $output == *"default via 10.151.0.1 dev eth0"* ]]
    [[ $output != *"default via 10.152.0.1"* ]]
    [[ $output == *"10.99.0.0/16 via 10.152.0.9 dev side  metric 7"* ]]
    web_container inb --network b
    [ "$(fetch_in inb http://10.152.0.2:8080/)" = "web $(address inb b)" ]
}

@test "isolation: open, isolated, strict and internal bridges" {
    for n in open:10.160 iso1:10.161:isolate=true iso2:10.162:isolate=true strict:10.163:isolate=strict; do
        IFS=: read -r name net option <<< "$n"
        lab berth network create --subnet "$net.0.0/24" ${option:+--opt "$option"} "$name"
        web_container "c$name" --network "$name"
    done
    lab berth network create --subnet 10.164.0.0/24 --internal closed
    web_container cclosed --network closed
    web_container cclosed2 --network closed
    # open networks see each other, with real addresses
    web_container default
    [ "$(fetch_in copen "http://$(address default):8080/")" = "default $(address copen open)" ]
    [ "$(fetch_in default "http://$(address copen open):8080/")" = "copen $(address default)" ]
    # isolated ones not other isolated ones
    [ "$(fetch_in copen "http://$(address ciso1 iso1):8080/")" = "ciso1 $(address copen open)" ]
    cannot ciso1 "http://$(address ciso2 iso2):8080/"
    cannot ciso2 "http://$(address ciso1 iso1):8080/"
    # strict ones no other bridge, in neither direction, but the world
    cannot cstrict "http://$(address copen open):8080/"
    cannot copen "http://$(address cstrict strict):8080/"
    lab systemd-run -q --unit=many-world -p NetworkNamespacePath=/run/netns/outside "$BERTH_TEST_WORK/probe" who 8090 world
    until_true 10 outside sh -c 'ss -ltn | grep -q 8090'
    [ "$(fetch_in cstrict http://192.0.2.2:8090/)" = "world 192.0.2.1" ]
    # internal ones only themselves and the host
    [ "$(fetch_in cclosed "http://$(address cclosed2 closed):8080/")" = "cclosed2 $(address cclosed closed)" ]
    cannot cclosed http://192.0.2.2:8090/
    cannot copen "http://$(address cclosed closed):8080/"
    run lab berth exec cclosed ip route
    [[ $output != *default* ]]
}

@test "names: containers, aliases, ids, across restarts; the outside is forwarded; both families" {
    lab sh -c 'command -v /usr/lib/podman/aardvark-dns' || skip "aardvark-dns is not installed"
    lab berth network create --ipv6 --subnet 10.170.0.0/24 --subnet fd00:170::/64 names
    web_container web --network names:alias=nick --network-alias other
    web_container peer --network names
    lab berth exec peer cat /etc/resolv.conf | grep -q 'nameserver 10.170.0.1'
    id=$(lab berth inspect --format '{{.Id}}' web)
    for name in web nick other "${id:0:12}"; do
        until_true 10 sh -c "sh '$top/data/private-systemd.sh' exec '$BERTH_SYSTEMD' dig +short +time=1 +tries=1 @10.170.0.1 $name.dns.podman | grep -qx $(address web names)"
        [ "$(fetch_in peer "http://$name:8080/")" = "web $(address peer names)" ] ||
            [ "$(fetch_in peer "http://$name:8080/")" = "web $(address6 peer names)" ]
    done
    [ "$(lab dig +short @10.170.0.1 AAAA web.dns.podman)" = "$(address6 web names)" ]
    [ "$(lab dig +short @10.170.0.1 -x "$(address web names)" | head -1)" != "" ]
    # it lives in a scope of its own, not with a container
    pid=$(lab cat /run/containers/networks/aardvark-dns/aardvark.pid)
    lab cat "/proc/$pid/cgroup" | grep -q '\.scope$'
    # a name goes with its container
    lab berth stop -t 0 web
    until_true 10 sh -c "! sh '$top/data/private-systemd.sh' exec '$BERTH_SYSTEMD' dig +short +time=1 +tries=1 @10.170.0.1 nick.dns.podman | grep -q 10.170"
    lab berth start web
    until_true 10 sh -c "sh '$top/data/private-systemd.sh' exec '$BERTH_SYSTEMD' dig +short +time=1 +tries=1 @10.170.0.1 nick.dns.podman | grep -qx $(address web names)"
    lab berth rm -f -t 0 web peer
    [ -z "$(lab sh -c 'ls /run/containers/networks/aardvark-dns | grep names')" ]
}

@test "a hundred containers on one bridge started at once: distinct addresses, all reachable" {
    lab berth network create --subnet 10.180.0.0/24 --disable-dns many
    lab sh -c "for i in \$(seq 100); do berth run -d --name many\$i --network many -p \$((20000 + i)):8080 \
        -v $BERTH_TEST_WORK/probe:/probe:ro $image /probe who 8080 c\$i > /dev/null & done; wait"
    [ "$(leases | wc -l)" = 100 ]
    [ "$(leases | awk '{print $6}' | sort -u | wc -l)" = 100 ]
    run lab sh -c 'for i in $(seq 100); do curl -sS -m 5 --retry 20 --retry-connrefused http://192.0.2.1:$((20000 + i))/; done | sort -u | wc -l'
    [ "$output" = 100 ]
    lab sh -c 'berth rm -f -t 0 --all > /dev/null'
    [ -z "$(leases)" ]
    [[ $(elements ports4) != *elements* ]]
    until_true 30 sh -c "! sh '$top/data/private-systemd.sh' exec '$BERTH_SYSTEMD' ip -o link | grep -q veth"
}

@test "kill -9 of launchers in the middle leaks no address, rule, interface or namespace" {
    lab berth network create --subnet 10.181.0.0/29 --disable-dns tiny # five addresses
    for i in $(seq 30); do
        lab sh -c "berth run --rm --network tiny -p 21000:80 $image sleep 60 > /dev/null 2>&1 & pid=\$!
            sleep 0.0$((i % 10))$((i % 7)); kill -9 \$pid; wait \$pid" 2> /dev/null || true
    done
    # payloads whose launcher was killed after the start are the user's to end: they run
    lab sh -c 'for p in $(pgrep -x sleep); do grep -q berth /proc/$p/mountinfo && kill -9 $p; done; true' 2> /dev/null
    until_true 20 sh -c "! sh '$top/data/private-systemd.sh' exec '$BERTH_SYSTEMD' ip -o link | grep -q veth"
    lab berth rm -f -t 0 --all > /dev/null
    # a container whose creation was cut before it had a record is no network's, and a boot clears it
    lab sh -c 'cd /run/berth; for d in containers/*; do [ -e "$d/record.json" ] && continue
        id=${d#containers/}; rm -rf "$d" "/var/lib/containers/storage/berth/volatile/$id"; done
        for n in names/*; do [ -e "containers/$(readlink "$n")" ] || rm -f "$n"; done'
    # everything is free again: all five addresses and the port
    for i in 1 2 3 4; do web_container "t$i" --network tiny; done
    web_container t5 --network tiny -p 21000:8080
    [ "$(fetch http://10.181.0.1:21000/)" = "t5 10.181.0.1" ]
    run lab berth run --rm --network tiny $image true
    [ "$status" = 126 ]
    [[ $output == *"failed to find free IP in range of subnet 10.181.0.0/29"* ]]
    [ "$(leases | wc -l)" = 5 ]
    [ "$(elements ports4 | grep -o 21000 | wc -l)" = 1 ]
}

@test "flushed rules come back: by hand, with the next container, and with nftables.service in 2 seconds" {
    web_container web -p 8081:8080
    [ "$(fetch_outside http://192.0.2.1:8081/)" = "web 192.0.2.2" ]
    lab nft flush ruleset
    run outside curl -sS -m 1 http://192.0.2.1:8081/
    [ "$status" -ne 0 ]
    lab berth network reload --all | grep -qx "$(lab berth inspect --format '{{.Id}}' web)"
    [ "$(fetch_outside http://192.0.2.1:8081/)" = "web 192.0.2.2" ]
    lab nft flush ruleset
    web_container next -p 8082:8080
    [ "$(fetch_outside http://192.0.2.1:8081/)" = "web 192.0.2.2" ]
    [ "$(fetch_outside http://192.0.2.1:8082/)" = "next 192.0.2.2" ]
    lab sh -c 'printf "#!/usr/sbin/nft -f\nflush ruleset\n" > /etc/nftables.conf'
    lab systemctl start nftables
    lab systemctl enable --now berth-network-reload
    for job in reload restart; do
        lab systemctl $job nftables
        started=$(date +%s%N)
        [ "$(fetch_outside http://192.0.2.1:8081/)" = "web 192.0.2.2" ]
        [ $((($(date +%s%N) - started) / 1000000)) -lt 2000 ]
    done
    lab systemctl disable --now berth-network-reload
}

@test "a bridge with a VLAN, one that is not ours to manage, macvlan and ipvlan" {
    lab ip link add br55 type bridge
    lab ip addr add 10.190.0.1/24 dev br55
    lab ip link set br55 up
    lab berth network create --opt mode=unmanaged --interface-name br55 --subnet 10.190.0.0/24 --disable-dns foreign
    web_container web --network foreign
    [ "$(fetch "http://$(address web foreign):8080/")" = "web 10.190.0.1" ]
    lab berth rm -f -t 0 web
    lab berth network rm foreign
    lab ip link show br55
    lab ip link del br55
    if lab sh -c 'ip link add mv0 link wire0 type macvlan 2>/dev/null && ip link del mv0'; then
        lab berth network create -d macvlan --opt parent=wire0 --subnet 192.0.2.0/24 --gateway 192.0.2.254 --ip-range 192.0.2.128/25 mac
        web_container web --network mac
        [ "$(fetch_outside "http://$(address web mac):8080/")" = "web 192.0.2.2" ]
    else
        skip "this kernel has no macvlan; the unmanaged bridge passed"
    fi
}
