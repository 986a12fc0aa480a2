# SPDX-License-Identifier: Apache-2.0
# For the network-*.bats files: real traffic between containers, the host and an "outside", a network
# namespace on a wire of its own.

# web_container NAME FLAGS...: answers on TCP (as HTTP) and UDP port 8080 with its name and the address of
# who asked.
web_container() {
    local name=$1
    shift
    lab berth run -d --name "$name" "$@" -v "$BERTH_TEST_WORK/probe:/probe:ro" $image /probe who 8080 "$name" > /dev/null
}

# address NAME [NETWORK]: the container's IPv4 address
address() {
    lab berth inspect --format "{{(index .NetworkSettings.Networks \"${2:-podman}\").IPAddress}}" "$1"
}

address6() {
    lab berth inspect --format "{{(index .NetworkSettings.Networks \"${2:-podman}\").GlobalIPv6Address}}" "$1"
}

# fetch URL: from the host; waits for the server to be up
fetch() {
    lab curl -sS -m 5 --retry 20 --retry-connrefused --retry-delay 0 --retry-max-time 15 "$1"
}

# fetch_in NAME URL: from inside a container
fetch_in() {
    lab timeout 10 berth exec "$1" wget -qO- "$2"
}

# An outside host: a network namespace "outside", 192.0.2.2 and 2001:db8::2, wired to ours, 192.0.2.1 and
# 2001:db8::1, which is its gateway.
make_outside() {
    lab sh -ec '
        ip netns add outside
        ip link add wire0 type veth peer name wire1 netns outside
        ip addr add 192.0.2.1/24 dev wire0
        ip -6 addr add 2001:db8::1/64 dev wire0 nodad
        ip link set wire0 up
        ip netns exec outside sh -ec "
            ip link set lo up
            ip addr add 192.0.2.2/24 dev wire1
            ip -6 addr add 2001:db8::2/64 dev wire1 nodad
            ip link set wire1 up
            ip route add default via 192.0.2.1
            ip -6 route add default via 2001:db8::1"'
}

drop_outside() {
    lab ip netns del outside 2> /dev/null || true
    lab ip link del wire0 2> /dev/null || true
}

outside() {
    lab ip netns exec outside "$@"
}

# ask HOST PORT: over UDP, from the host, the outside or a container
ask() {
    lab "$BERTH_TEST_WORK/probe" ask "$@"
}

ask_outside() {
    outside "$BERTH_TEST_WORK/probe" ask "$@"
}

ask_in() {
    local name=$1
    shift
    lab berth exec "$name" /probe ask "$@"
}

fetch_outside() {
    outside curl -sS -g -m 5 --retry 20 --retry-connrefused --retry-delay 0 --retry-max-time 15 "$1"
}

# leases: lines of all lease files
leases() {
    lab sh -c 'cat /run/berth/networks/*.leases 2>/dev/null | grep ^lease' || true
}

# elements MAP: what is in one of our nftables maps
elements() {
    lab nft list map inet berth "$1" | tr -d '\n\t'
}

forget_networks() {
    lab systemctl reset-failed 2> /dev/null || true
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
    lab sh -c 'for f in /etc/containers/networks/*.json; do [ -e "$f" ] || continue
        n=${f##*/}; berth network rm -f "${n%.json}" > /dev/null 2>&1; done' || true
}
