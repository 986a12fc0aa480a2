# SPDX-License-Identifier: Apache-2.0
# The network that a container gets when nobody says anything: addresses, published ports, names.

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
    forget_networks
    drop_outside
}

@test "a container without --network joins the default bridge" {
    run lab berth run --rm --name c1 -h inside $image sh -c 'ip -4 addr show eth0; ip route; cat /etc/hosts'
    [ "$status" = 0 ]
    [[ $output =~ inet\ (10\.88\.[0-9]+\.[0-9]+)/16 ]]
    local own=${BASH_REMATCH[1]}
    [[ $output == *"default via 10.88.0.1 dev eth0"* ]]
    [[ $output == *"$own"$'\t'"inside c1"* ]]
    [[ $output == *$'10.88.0.1\thost.containers.internal host.docker.internal'* ]]
    [ -z "$(leases)" ]
    lab ip addr show podman0 | grep -q 'inet 10.88.0.1/16'
}

@test "published ports: from the host, localhost, other containers and the outside, the client's address is real" {
    local nf=/proc/sys/net/bridge/bridge-nf-call-iptables
    web_container web -p 8081:8080 -p 127.0.0.1:8082:8080 -p 192.0.2.1:8083:8080
    [ "$(fetch_outside http://192.0.2.1:8081/)" = "web 192.0.2.2" ]
    [ "$(fetch_outside http://192.0.2.1:8083/)" = "web 192.0.2.2" ]
    [ "$(fetch http://192.0.2.1:8081/)" = "web 192.0.2.1" ]
    [[ $(fetch http://10.88.0.1:8081/) == "web 10.88.0.1" ]]
    [[ $(fetch http://127.0.0.1:8081/) == "web 10.88.0.1" ]] # nothing can answer to another loopback
    [[ $(fetch http://127.0.0.1:8082/) == "web 10.88.0.1" ]]
    # 8082 is for the host alone
    run outside curl -sS -m 2 http://192.0.2.1:8082/
    [ "$status" -ne 0 ]
    # from a container: by address directly with its own one, by the host's port, and into itself
    web_container other
    [ "$(fetch_in other "http://$(address web):8080/")" = "web $(address other)" ]
    # (without br_netfilter the way back would bypass us: then, and only then, the source is the bridge)
    for url in http://192.0.2.1:8081/ http://host.containers.internal:8081/; do
        for bridged in 1 0; do
            lab sh -c "[ ! -e $nf ] || echo $bridged > $nf"
            run fetch_in other $url
            [ "$output" = "web 10.88.0.1" ] || [ "$output" = "web $(address other)" ]
            run fetch_in web $url
            [ "$output" = "web 10.88.0.1" ] || [ "$output" = "web $(address web)" ]
        done
    done
}

@test "UDP, ranges and --publish-all" {
    web_container u -p 7000-7001:8079-8080/udp
    [ "$(ask_outside 192.0.2.1 7001)" = "u 192.0.2.2" ]
    [ "$(ask 192.0.2.1 7001)" = "u 192.0.2.1" ]
    [ "$(ask 127.0.0.1 7001)" = "u 10.88.0.1" ]
    web_container all -P --expose 6000/udp
    [ "$(ask_in all "$(address u)" 8080)" = "u $(address all)" ]
    run lab berth port all
    [[ $output == *"8080/tcp -> 0.0.0.0:"* ]]
    [[ $output == *"6000/udp -> 0.0.0.0:"* ]]
    [ "$(fetch "http://$(lab berth port all 8080 | sed s/0.0.0.0/127.0.0.1/)/")" = "all 10.88.0.1" ]
}

@test "containers reach the outside, as the host" {
    lab systemd-run -q --unit=world -p NetworkNamespacePath=/run/netns/outside "$BERTH_TEST_WORK/probe" who 8090 world
    web_container web
    until_true 10 sh -c "sh '$top/data/private-systemd.sh' exec '$BERTH_SYSTEMD' ip netns exec outside ss -ltn | grep -q 8090"
    [ "$(fetch_in web http://192.0.2.2:8090/)" = "world 192.0.2.1" ]
    [ "$(ask_in web 192.0.2.2 8090)" = "world 192.0.2.1" ]
    lab systemctl stop world
}

@test "ps, port and inspect show what is published and connected" {
    web_container web -p 8081:8080 -p 127.0.0.1:9000-9002:90-92/udp
    [ "$(lab berth ps --format '{{.Ports}} {{.Networks}}')" = "0.0.0.0:8081->8080/tcp, 127.0.0.1:9000-9002->90-92/udp podman" ]
    lab berth ps | grep -q '0.0.0.0:8081->8080/tcp, 127.0.0.1:9000-9002->90-92/udp'
    [ "$(lab berth port web 8080)" = 0.0.0.0:8081 ]
    [ "$(lab berth port web 91/udp)" = 127.0.0.1:9001 ]
    run lab berth port web 81
    [ "$status" = 125 ]
    [[ $output == *'failed to find published port "81/tcp"'* ]]
    lab berth inspect web > "$BATS_TEST_TMPDIR/web.json"
    jq -e '.[0].NetworkSettings.Networks.podman | .Gateway == "10.88.0.1" and .IPPrefixLen == 16 and
        (.IPAddress | startswith("10.88.")) and (.MacAddress | length) == 17' "$BATS_TEST_TMPDIR/web.json"
    jq -e '.[0].NetworkSettings.Ports["8080/tcp"] == [{"HostIp": "0.0.0.0", "HostPort": "8081"}]' "$BATS_TEST_TMPDIR/web.json"
    jq -e '.[0].HostConfig.NetworkMode == "bridge"' "$BATS_TEST_TMPDIR/web.json"
}

@test "a port that is taken is an error that names it, by a socket or by a container" {
    lab systemd-run -q --unit=holder socat TCP-LISTEN:8081,fork,reuseaddr EXEC:cat
    until_true 10 lab sh -c 'ss -ltn | grep -q :8081'
    run lab berth run --rm -p 8081:80 $image true
    [ "$status" = 126 ]
    [[ $output == *"listen tcp4 :8081: bind: address already in use"* ]]
    lab systemctl stop holder
    web_container web -p 8081:8080
    run lab berth run --rm -p 8081:80 $image true
    [ "$status" = 126 ]
    [[ $output == *"8081: bind: address already in use"* ]]
    run lab berth run --rm -p 127.0.0.1:8081:80 $image true
    [ "$status" = 126 ]
    [[ $output == *"127.0.0.1:8081: bind: address already in use"* ]]
    [ "$(fetch http://10.88.0.1:8081/)" = "web 10.88.0.1" ] # the holder did not suffer
    lab berth rm -f -t 0 web
    web_container next -p 8081:8080 # free again at once
    [ "$(fetch http://10.88.0.1:8081/)" = "next 10.88.0.1" ]
}

@test "nothing stays behind: lease, rules, interface" {
    web_container web -p 8081:8080
    [[ $(elements ports4) == *8081* ]]
    lab berth stop -t 0 web
    [ -z "$(leases)" ]
    [[ $(elements ports4) != *8081* ]]
    until_true 10 sh -c "! sh '$top/data/private-systemd.sh' exec '$BERTH_SYSTEMD' ip -o link | grep -q veth"
    lab berth start web
    [ "$(fetch http://10.88.0.1:8081/)" = "web 10.88.0.1" ]
}

@test "a container that was made before a boot starts after it" {
    web_container web -p 8081:8080 --add-host a:192.0.2.9
    lab berth stop -t 0 web
    # what a boot leaves of /run
    lab sh -c 'cd /run/berth && rm -rf containers names restored networks; ip link del podman0; nft delete table inet berth'
    lab berth start web
    [ "$(fetch_outside http://192.0.2.1:8081/)" = "web 192.0.2.2" ]
    lab berth exec web cat /etc/hosts | grep -q "^192.0.2.9.a$"
    [ -n "$(lab berth exec web cat /etc/hostname)" ]
}

@test "a unit file publishes a port, stops and starts with it" {
    quadlet web.container << U
[Container]
Image=$image
PublishPort=8081:8080
Volume=$BERTH_TEST_WORK/probe:/probe:ro
Exec=/probe who 8080 unit
U
    lab systemctl start web
    [ "$(fetch_outside http://192.0.2.1:8081/)" = "unit 192.0.2.2" ]
    lab systemctl restart web
    [ "$(fetch_outside http://192.0.2.1:8081/)" = "unit 192.0.2.2" ]
    lab systemctl stop web
    [ -z "$(leases)" ]
    [[ $(elements ports4) != *8081* ]]
    forget web
}

@test "modes: none, host, container, ns" {
    [ "$(lab berth run --rm --network none $image sh -c 'ip -o link | wc -l')" = 1 ]
    [ "$(lab berth run --rm --network host $image readlink /proc/self/ns/net)" = "$(lab readlink /proc/self/ns/net)" ]
    web_container web --add-host 'a;b:192.0.2.9' --add-host gw:host-gateway
    run lab berth run --rm --network container:web $image sh -c 'wget -qO- http://127.0.0.1:8080/; cat /etc/hosts'
    [ "$status" = 0 ]
    [[ $output == "web 127.0.0.1"* ]]
    [[ $output == *$'192.0.2.9\ta b'* ]] # the other one's hosts
    [[ $output == *$'10.88.0.1\tgw'* ]]
    lab ip netns add other
    run lab berth run --rm --network ns:/run/netns/other $image sh -c 'ip -o link | wc -l'
    lab ip netns del other
    [ "$status" = 0 ]
    run lab berth run --rm --network container:nosuch $image true
    [ "$status" = 125 ]
    [[ $output == *'no container with name or ID "nosuch" found'* ]]
    run lab berth run --rm --network ns:/nosuch $image true
    [ "$status" = 125 ]
    run lab berth run --rm --network nosuch $image true
    [ "$status" = 125 ]
    [[ $output == *"unable to find network with name or ID nosuch: network not found"* ]]
}

@test "static address, hardware address, alias; and what is wrong with them" {
    run lab berth run --rm --ip 10.88.7.7 --mac-address 02:11:22:33:44:55 --network podman:interface_name=net7 $image ip addr show net7
    [[ $output == *"inet 10.88.7.7/16"* ]]
    [[ $output == *02:11:22:33:44:55* ]]
    run lab berth run --rm --ip 10.99.0.1 $image true
    [ "$status" = 126 ]
    [[ $output == *"requested static ip 10.99.0.1 not in any subnet on network podman"* ]]
    web_container holder --ip 10.88.7.8
    run lab berth run --rm --ip 10.88.7.8 $image true
    [ "$status" = 126 ]
    [[ $output == *"10.88.7.8 is already allocated"* ]]
    for bad in "--network none --ip 10.88.0.9" "--mac-address zz" "--network podman:bad=1" \
        "--network none --network podman" "--add-host a" "--add-host a:bad" "--dns bad" \
        "--no-hosts --add-host a:1.1.1.1" "-p 99999:80" "-p 1:2:3:4" "-p 80-82:80-81" "-p 81:80/foo"; do
        run lab berth run --rm $bad $image true
        [ "$status" = 125 ] || { echo "$bad: $status $output"; false; }
    done
}

@test "a user namespace of its own has the same network" {
    web_container mapped --userns auto -p 8081:8080
    [ "$(fetch_outside http://192.0.2.1:8081/)" = "mapped 192.0.2.2" ]
    [ "$(lab berth exec mapped awk '$1 == 0 {print ($2 > 0)}' /proc/self/uid_map)" = 1 ]
    lab berth exec mapped sh -c 'echo "192.0.2.7 mine" >> /etc/hosts && grep -q mine /etc/hosts'
}

@test "hosts, hostname and resolv.conf can be the image's, or a file's" {
    run lab berth run --rm --no-hosts $image cat /etc/hosts
    [ "$status" = 1 ]
    run lab berth run --rm --no-hostname $image cat /etc/hostname
    [ "$status" = 1 ]
    run lab berth run --rm --dns none $image cat /etc/resolv.conf
    [ "$status" = 1 ]
    printf '192.0.2.77 base\n192.0.2.78 twice # x\n' > "$BERTH_TEST_WORK/base-hosts"
    run lab berth run --rm --hosts-file "$BERTH_TEST_WORK/base-hosts" --add-host twice:192.0.2.1 $image cat /etc/hosts
    [[ $output == *$'192.0.2.77\tbase'* ]]
    [[ $output == *$'192.0.2.1\ttwice'* ]]
    [[ $output != *192.0.2.78* ]]
    run lab berth run --rm --dns 192.0.2.53 --dns-search example.org --dns-option ndots:3 $image cat /etc/resolv.conf
    [ "$output" = $'search example.org\nnameserver 192.0.2.53\noptions ndots:3' ]
}
