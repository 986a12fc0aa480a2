# SPDX-License-Identifier: Apache-2.0
# The network of an unprivileged user's containers: pasta.

bats_require_minimum_version 1.5.0
load systemd-lib.bash
load user-lib.bash
load network-lib.bash

user=berth-netuser

setup_file() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    make_user 400000
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
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    as berth rm -f -t 0 --all > /dev/null 2>&1 || true
    lab systemctl stop world 2> /dev/null || true
    drop_outside
}

no_pasta() {
    until_true 10 sh -c "! sh '$top/data/private-systemd.sh' exec '$BERTH_SYSTEMD' pgrep -u $user '^passt|^pasta' > /dev/null"
}

@test "nothing said: pasta, with the host's address, and a way out" {
    lab systemd-run -q --unit=world -p NetworkNamespacePath=/run/netns/outside "$BERTH_TEST_WORK/probe" who 8090 world
    until_true 10 outside sh -c 'ss -ltn | grep -q 8090'
    run as berth run --rm --name out -v "$BERTH_TEST_WORK/probe:/probe:ro" $image sh -c \
        'ip -4 addr; cat /etc/hosts /etc/resolv.conf; wget -qO- http://192.0.2.2:8090/; /probe ask 192.0.2.2 8090'
    echo "$output"
    [ "$status" = 0 ]
    [[ $output == *"inet 192.0.2.1/24"* ]]
    [[ $output == *$'192.0.2.1\t'*" out"* ]]
    [[ $output == *"nameserver 169.254.1.1"* ]]
    [ "$(grep -c '^world 192.0.2.1$' <<< "$output")" = 2 ]
    no_pasta
}

@test "published ports, in the foreground's place and as a service; a taken one is refused" {
    as berth run -d --name web -p 8085:8080 -v "$BERTH_TEST_WORK/probe:/probe:ro" $image /probe who 8080 web ||
        { lab journalctl -n 30 --no-pager; false; }
    [ "$(fetch_outside http://192.0.2.1:8085/)" = "web 192.0.2.2" ] # the client's address is real
    as berth ps | grep -q '0.0.0.0:8085->8080/tcp'
    run as berth run --rm -p 8085:80 $image true
    [ "$status" = 126 ]
    [[ $output == *"8085: bind: address already in use"* ]]
    as berth stop -t 0 web
    no_pasta
    as berth start web
    [ "$(fetch_outside http://192.0.2.1:8085/)" = "web 192.0.2.2" ]
}

no_slirp() {
    until_true 10 sh -c "! sh '$top/data/private-systemd.sh' exec '$BERTH_SYSTEMD' pgrep -u $user '^slirp|^berth-publish' > /dev/null"
}

@test "slirp4netns: addresses, names, a way out, ports by either handler, options" {
    lab sh -c 'command -v slirp4netns' > /dev/null || skip "slirp4netns is not installed"
    lab systemd-run -q --unit=world -p NetworkNamespacePath=/run/netns/outside "$BERTH_TEST_WORK/probe" who 8090 world
    until_true 10 outside sh -c 'ss -ltn | grep -q 8090'
    run as berth run --rm --name out --network slirp4netns -v "$BERTH_TEST_WORK/probe:/probe:ro" $image sh -c \
        'ip -4 addr; ip link; cat /etc/hosts /etc/resolv.conf; wget -qO- http://192.0.2.2:8090/'
    echo "$output"
    [ "$status" = 0 ]
    [[ $output == *"inet 10.0.2.100/24"* ]]
    [[ $output == *"mtu 65520"* ]]
    [[ $output == *$'10.0.2.100\t'*" out"* ]]
    [[ $output == *"nameserver 10.0.2.3"* ]]
    [[ $output == *"world 192.0.2.1"* ]]
    no_slirp
    run as berth run --rm --network slirp4netns:cidr=10.50.0.0/24,mtu=1400,enable_ipv6=false $image \
        sh -c 'ip addr; cat /etc/resolv.conf'
    [[ $output == *"inet 10.50.0.100/24"* && $output == *"mtu 1400"* && $output == *"nameserver 10.50.0.3"* ]]
    [[ $output != *"fd00:"* ]]
    as berth run -d --name web --network slirp4netns -p 8085:8080 -p 8085:8080/udp \
        -v "$BERTH_TEST_WORK/probe:/probe:ro" $image /probe who 8080 web
    [ "$(outside curl -sS -m 5 --retry 40 --retry-all-errors --retry-max-time 15 http://192.0.2.1:8085/)" = "web 10.0.2.100" ]
    [ "$(ask_outside 192.0.2.1 8085)" = "web 10.0.2.100" ]
    run as berth run --rm --network slirp4netns -p 8085:80 $image true
    [ "$status" = 126 ]
    [[ $output == *"8085: bind: address already in use"* ]]
    as berth rm -f -t 0 web
    no_slirp
    as berth run -d --name web --network slirp4netns:port_handler=slirp4netns -p 8085:8080 \
        -v "$BERTH_TEST_WORK/probe:/probe:ro" $image /probe who 8080 web
    [[ $(outside curl -sS -m 5 --retry 40 --retry-all-errors --retry-max-time 15 http://192.0.2.1:8085/) == "web "* ]]
    lab kill -9 "$(as systemctl --user show -P MainPID berth-web.service)"
    no_slirp
}

@test "slirp4netns reaches the host's loopback only when it is allowed to" {
    lab sh -c 'command -v slirp4netns' > /dev/null || skip "slirp4netns is not installed"
    lab systemd-run -q --unit=world "$BERTH_TEST_WORK/probe" who 8091 world
    until_true 10 lab sh -c 'ss -ltn | grep -q 8091'
    run as berth run --rm --network slirp4netns:allow_host_loopback=true $image \
        sh -c 'cat /etc/hosts; timeout 5 wget -qO- http://10.0.2.2:8091/'
    echo "$output"
    [ "$status" = 0 ]
    [[ $output == *"10.0.2.2"*"world 127.0.0.1"* ]]
    run as berth run --rm --network slirp4netns $image timeout 5 wget -qO- http://10.0.2.2:8091/
    [ "$status" != 0 ]
}

@test "what a user cannot have says so: options that slirp4netns has not, root's pasta" {
    for option in nothing nothing=1 mtu=x cidr=10.0.0.0/30 cidr=fd00::/64 port_handler=x allow_host_loopback=maybe; do
        run as berth run --rm --network slirp4netns:$option $image true
        [ "$status" = 125 ]
        [[ $output == *"slirp4netns"* && $output == *"${option#*=}"* ]]
    done
    run lab berth run --rm --network pasta $image true
    [ "$status" = 125 ]
    [[ $output == *"pasta networking is only supported for rootless mode"* ]]
}
