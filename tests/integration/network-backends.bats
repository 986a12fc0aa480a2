# SPDX-License-Identifier: Apache-2.0
# The same traffic with each back end: ours, netavark and CNI plugins.

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
    lab systemctl stop world 2> /dev/null || true
    forget_networks
    lab rm -f /etc/containers/containers.conf.d/backend.conf
    drop_outside
    # the bridges of one back end are not another's
    for bridge in podman0 podman1 podman2; do lab ip link del $bridge 2> /dev/null || true; done
}

backend() {
    lab sh -c "mkdir -p /etc/containers/containers.conf.d && printf '[network]\nnetwork_backend=\"$1\"\n' > /etc/containers/containers.conf.d/backend.conf"
}

matrix() {
    lab berth network create --ipv6 --subnet 10.140.0.0/24 --subnet fd00:140::/64 ${1:+--disable-dns} net
    web_container web --network net -p 8081:8080 -p 8081:8080/udp -p 127.0.0.1:8082-8083:8080-8081
    web_container peer --network net:ip=10.140.0.77
    # inside the network, both families
    [ "$(fetch_in peer "http://$(address web net):8080/")" = "web 10.140.0.77" ]
    [ "$(ask_in peer "$(address web net)" 8080)" = "web 10.140.0.77" ]
    [ "$(fetch_in peer "http://[$(address6 web net)]:8080/")" = "web $(address6 peer net)" ]
    # published: the client's address is real
    [ "$(fetch_outside http://192.0.2.1:8081/)" = "web 192.0.2.2" ]
    [ "$(ask_outside 192.0.2.1 8081)" = "web 192.0.2.2" ]
    [ "$(fetch_outside "http://[2001:db8::1]:8081/")" = "web 2001:db8::2" ]
    [[ $(fetch http://127.0.0.1:8082/) == "web 10.140.0.1" ]]
    # out into the world, as the host
    lab systemd-run -q --unit=world -p NetworkNamespacePath=/run/netns/outside "$BERTH_TEST_WORK/probe" who 8090 world
    until_true 10 outside sh -c 'ss -ltn | grep -q 8090'
    [ "$(fetch_in web http://192.0.2.2:8090/)" = "world 192.0.2.1" ]
    # a taken port and a taken address are refused
    run lab berth run --rm --network net -p 8081:80 $image true
    [ "$status" = 126 ]
    [[ $output == *"8081: bind: address already in use"* ]]
    run lab berth run --rm --network net:ip=10.140.0.77 $image true
    [ "$status" = 126 ]
    # an internal network does not lead out
    lab berth network create --internal --subnet 10.141.0.0/24 --disable-dns closed
    web_container shut --network closed
    run lab timeout 2 berth exec shut wget -qO- http://192.0.2.2:8090/
    [ "$status" -ne 0 ]
    # nothing stays: the port is free, the address, too, and there is no namespace left
    lab berth rm -f -t 0 web
    web_container next --network net:ip=10.140.0.2 -p 8081:8080
    [ "$(fetch_outside http://192.0.2.1:8081/)" = "next 192.0.2.2" ]
    lab berth rm -f -t 0 --all
    [ -z "$(leases)" ]
    [ -z "$(lab sh -c 'ls /run/berth/networks | grep -v -e lock -e leases')" ]
    run outside curl -sS -m 1 http://192.0.2.1:8081/
    [ "$status" -ne 0 ]
}

@test "native" {
    backend native
    matrix
}

@test "netavark" {
    lab test -x /usr/lib/podman/netavark || skip "netavark is not installed"
    backend netavark
    matrix
    # names are its own affair
    lab berth network create --subnet 10.142.0.0/24 names
    web_container web --network names
    web_container peer --network names
    until_true 10 lab berth exec peer wget -qO /dev/null http://web:8080/
    # a killed payload whose clean-up never ran is taken down by the next one
    lab berth run -d --rm --name lost --network names -p 8088:80 $image sleep 100
    lab sh -c 'systemctl kill -s KILL --kill-whom=all berth-lost.service; mv /usr/bin/berth /usr/bin/berth.off; sleep 0.5; mv /usr/bin/berth.off /usr/bin/berth'
    web_container heir --network names -p 8088:8080
    [ "$(fetch_outside http://192.0.2.1:8088/)" = "heir 192.0.2.2" ]
}

@test "CNI plugins" {
    lab test -x /usr/lib/cni/bridge || skip "the CNI plugins are not installed"
    backend cni
    matrix no-dns
}

@test "an unknown back end, and one that is not there, are errors that say so" {
    backend odd
    run lab berth run --rm $image true
    [ "$status" = 126 ]
    [[ $output == *'network_backend "odd" in containers.conf is not supported'* ]]
    lab sh -c 'printf "[network]\nnetwork_backend=\"cni\"\ncni_plugin_dirs=[\"/nowhere\"]\n" > /etc/containers/containers.conf.d/backend.conf'
    run lab berth run --rm $image true
    [ "$status" = 126 ]
    [[ $output == *"CNI plugin 'bridge' is not in cni_plugin_dirs (/nowhere)"* ]]
    [ -z "$(leases)" ]
}
