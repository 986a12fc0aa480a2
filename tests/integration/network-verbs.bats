# SPDX-License-Identifier: Apache-2.0
# network create, ls, inspect, rm, connect and so on: Podman's files, output and messages.

bats_require_minimum_version 1.5.0
load systemd-lib.bash
load image-lib.bash
load network-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    forget_networks
}

# One line of flags per network; what Podman 5.4 makes of them is what we must make of them.
create_lines='
--subnet 10.205.0.0/16 a
--subnet 10.205.1.0/24 overlaps
--subnet 10.206.0.0/24 --ip-range 10.206.0.128/25 range
--subnet 10.206.1.0/24 --ip-range 10.206.1.10-10.206.1.20 --gateway 10.206.1.5 range2
--subnet 10.207.0.0/24 --ip-range 10.208.0.0/24 badrange
--subnet 10.207.0.0/24 --gateway 10.208.0.1 badgateway
--gateway 10.207.0.1 nosubnet
--subnet 10.209.0.0/24 --subnet fd00:2::/64 --gateway 10.209.0.9 --gateway fd00:2::9 dual
--subnet fd00:3::/64 v6
-d macvlan --subnet 10.212.0.0/24 mac
-d macvlan --internal --subnet 10.213.0.0/24 macinternal
-d macvlan macdhcp
-d macvlan --ipam-driver host-local machost
-d macvlan --opt parent=nosuchdev macparent
-d macvlan --opt mode=odd macmode
-d ipvlan ipvnone
-d ipvlan --subnet 10.214.0.0/24 --opt mode=l3 ipvl3
-d nosuch driver
--ipam-driver none none
--ipam-driver none --subnet 10.215.0.0/24 none2
--ipam-driver odd oddipam
--interface-name br77 ifname --subnet 10.216.0.0/24
--interface-name br77 ifname2 --subnet 10.216.1.0/24
--opt com.docker.network.bridge.name=br78 --opt com.docker.network.driver.mtu=1400 --opt isolate=strict --opt vlan=5 --opt metric=50 --opt no_default_route=1 options --subnet 10.217.0.0/24
--opt mode=unmanaged --interface-name br79 unmanaged --subnet 10.218.0.0/24
--opt vlan=5000 vlan
--opt bad=1 badoption
--opt mode=odd oddmode
--route 10.220.0.0/16,10.219.0.7,5 --subnet 10.219.0.0/24 routed
--dns 192.0.2.1 --dns 192.0.2.2 --subnet 10.221.0.0/24 named
--dns x --subnet 10.222.0.0/24 badname
--disable-dns --dns 192.0.2.1 --subnet 10.222.0.0/24 nodns
--disable-dns --internal --label a=b --label c --subnet 10.223.0.0/24 labels
--label x=y a
host
--subnet bad subnet'

@test "create writes the files that Podman 5.4 writes, and refuses what it refuses" {
    has_podman5 || skip "no Debian 13 root with podman 5.4 on this machine"
    STORE=$BATS_TEST_TMPDIR/store
    mkdir -p "$STORE/ours" "$STORE/theirs"
    mine() { "$BERTH" --root "$STORE/root" --runroot "$STORE-run" --network-config-dir "$STORE/ours" "$@"; }
    theirs() { podman5 --network-config-dir /mnt/store/theirs "$@"; }
    while read -r line; do
        [ -n "$line" ] || continue
        run --separate-stderr mine network create $line
        our_status=$status our_error=$stderr our_output=$output
        run --separate-stderr theirs network create $line
        echo "$line: $our_status $our_output $our_error | $status $output $stderr"
        [ "$our_status" = "$status" ]
        [ "$our_output" = "$output" ]
        [ -n "$stderr" ] || [ -z "$our_error" ]
    done <<< "$create_lines"
    for file in "$STORE"/theirs/*.json; do
        diff <(jq -S 'del(.id, .created)' "$file") <(jq -S 'del(.id, .created)' "$STORE/ours/${file##*/}")
    done
    [ "$(ls "$STORE/theirs")" = "$(ls "$STORE/ours")" ]
    # listings, over Podman's own files
    cp "$STORE"/theirs/*.json "$STORE/ours/"
    for flags in "" -q --no-trunc "--noheading -f driver=macvlan" "-q -f name=^ran" "-q -f label=a=b" \
        "--format {{.Name}}@{{.Driver}}@{{.ID}}" "-q -f dangling=true"; do
        run mine network ls $flags
        ours=$output
        run theirs network ls $flags
        [ "$ours" = "$output" ] || { diff <(echo "$ours") <(echo "$output"); false; }
    done
    # Podman prints labels in an order that changes from run to run
    pieces() { tr , '\n' | sort; }
    [ "$(mine network ls --format '{{.Name}},{{.Labels}}' | pieces)" = "$(theirs network ls --format '{{.Name}},{{.Labels}}' | pieces)" ]
    diff <(mine network inspect range dual named | jq -S .) <(theirs network inspect range dual named | jq -S .)
    format='{{.Name}} {{.ID}} {{.IPv6Enabled}} {{.NetworkInterface}} {{range .Subnets}}{{.Subnet}} {{.Gateway}};{{end}}'
    [ "$(mine network inspect -f "$format" dual)" = "$(theirs network inspect -f "$format" dual)" ]
}

@test "exists, rm, prune: exit statuses and messages" {
    lab berth network create one
    lab berth network exists one
    run lab berth network exists two
    [ "$status" = 1 ]
    run lab berth network inspect two
    [ "$status" = 125 ]
    [[ $output == *"network two: unable to find network with name or ID two: network not found"* ]]
    run lab berth network rm two
    [ "$status" = 1 ]
    lab berth network rm -f two
    run lab berth network rm podman
    [ "$status" = 125 ]
    [[ $output == *"default network podman cannot be removed"* ]]
    lab berth network create one2
    web_container web --network one
    run lab berth network rm one
    [ "$status" = 2 ]
    [[ $output == *'"one" has associated containers with it. Use -f to forcibly delete containers and pods: network is being used'* ]]
    [ "$(lab berth network prune -f)" = one2 ]
    lab ip link show podman1 > /dev/null
    [ "$(lab berth network rm -f -t 0 one)" = one ]
    run lab ip link show podman1
    [ "$status" -ne 0 ]
    [ -z "$(leases)" ]
    [[ $(elements ports4) != *8080* ]]
    [ "$(lab berth network ls -q)" = podman ]
    id=$(lab berth network inspect podman --format '{{.ID}}')
    [ "$(lab berth network inspect "${id:0:8}" --format '{{.Name}}')" = podman ]
}

@test "connect and disconnect a running container" {
    lab berth network create one
    web_container web
    web_container peer --network one
    lab berth network connect --alias nick --ip 10.89.0.50 one web
    [ "$(address web one)" = 10.89.0.50 ]
    [ "$(fetch_in peer http://10.89.0.50:8080/)" = "web $(address peer one)" ]
    lab berth exec web grep -q 10.89.0.50 /etc/hosts
    [ "$(lab berth network inspect one | jq -r '[.[0].containers[].name] | sort | join(",")')" = peer,web ]
    run lab berth network connect one web
    [ "$status" = 125 ]
    [[ $output == *"is already connected to network one: network is already connected"* ]]
    lab berth network disconnect one web
    run lab berth exec web ip addr show eth1
    [ "$status" -ne 0 ]
    run lab berth network disconnect one web
    [ "$status" = 125 ]
    [[ $output == *"container web is not connected to network one"* ]]
    # one that does not run gets it at its next start
    lab berth stop -t 0 web
    lab berth network connect one web
    lab berth start web
    lab berth exec web ip addr show eth1 | grep -q 'inet 10.89.0.'
    run lab berth network connect nosuch web
    [ "$status" = 125 ]
    run lab berth network connect one nosuch
    [ "$status" = 125 ]
}

@test "a network that Podman made is used, and the reverse" {
    has_podman5 || skip "no Debian 13 root with podman 5.4 on this machine"
    STORE=$BATS_TEST_TMPDIR/store
    mkdir -p "$STORE/nets"
    podman5 --network-config-dir /mnt/store/nets network create --subnet 10.231.0.0/24 theirs
    mkdir -p "$BERTH_TEST_WORK/nets"
    cp "$STORE/nets/theirs.json" "$BERTH_TEST_WORK/nets/"
    lab mkdir -p /etc/containers/networks
    lab cp "$BERTH_TEST_WORK/nets/theirs.json" /etc/containers/networks/
    run lab berth run --rm --network theirs $image ip -4 addr show eth0
    [[ $output == *"inet 10.231.0."* ]]
    lab berth network create --subnet 10.232.0.0/24 ours
    lab cat /etc/containers/networks/ours.json > "$STORE/nets/ours.json"
    [ "$(podman5 --network-config-dir /mnt/store/nets network inspect ours --format '{{range .Subnets}}{{.Subnet}}{{end}}')" = 10.232.0.0/24 ]
}

@test "a .network file makes its network, a container in it names it, both stop and start" {
    lab mkdir -p /etc/containers/systemd
    lab sh -c 'printf "[Network]\nSubnet=10.233.0.0/24\nGateway=10.233.0.1\nLabel=made=here\nOptions=mtu=1400\nNetworkDeleteOnStop=yes\n" > /etc/containers/systemd/front.network'
    quadlet web.container << U
[Container]
Image=$image
Network=front.network:ip=10.233.0.7
ContainerName=web
Volume=$BERTH_TEST_WORK/probe:/probe:ro
Exec=/probe who 8080 unit
U
    lab systemctl start web
    [ "$(property front-network.service ActiveState)" = active ]
    [ "$(address web systemd-front)" = 10.233.0.7 ]
    [ "$(lab berth network inspect systemd-front --format '{{.Labels}}')" = "map[made:here]" ]
    lab berth exec web ip link show eth0 | grep -q 'mtu 1400'
    [ "$(fetch http://10.233.0.7:8080/)" = "unit 10.233.0.1" ]
    lab systemctl stop front-network web
    run lab berth network exists systemd-front
    [ "$status" = 1 ]
    lab rm /etc/containers/systemd/front.network
    forget web
}
