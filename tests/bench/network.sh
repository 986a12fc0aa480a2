#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a bridge with one published port costs: start and stop of a unit beside the same without network, by
# berth and by Debian's podman, and the throughput of requests through the published port beside the plain host
# port. In a private systemd; it asserts nothing. usage: network.sh BUILD [ROUNDS]
set -u

build=${1:?usage: network.sh BUILD [ROUNDS]}
rounds=${2:-20}
. "$(dirname "$0")/lab.bash"

cat > "$work/in.sh" <<'IN'
set -u
work=$1 rounds=$2
export LC_ALL=C
mkdir -p /etc/containers/systemd
printf '[containers]\npids_limit = 0\n' > /etc/containers/containers.conf
now() { date +%s%N; }
median() { sort -n | awk '{v[NR] = $1} END {print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
# as in run.sh: without cgroups of its own where crun may not raise its limits
cgroups=--cgroups=split
setpriv --dump 2>/dev/null | grep -q 'Capability bounding set.*sys_resource' || cgroups=--cgroups=disabled
berth_unit() { # NAME LINES
    printf '[Unit]\nStartLimitIntervalSec=0\n[Container]\nImage=localhost/berth-test:1\nVolume=%s/probe:/probe:ro\nExec=/probe who 8080 x\n%b' "$work" "$2" \
        > "/etc/containers/systemd/$1.container"
}
podman_unit() { # NAME FLAGS
    printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=notify\nNotifyAccess=all\nDelegate=yes\nKillMode=mixed\nExecStart=/usr/bin/podman run --name systemd-%%N --replace --rm %s %s --sdnotify=conmon -d -v %s/probe:/probe:ro localhost/berth-test:1 /probe who 8080 x\nExecStop=/usr/bin/podman rm -f -t 0 -i systemd-%%N\nExecStopPost=-/usr/bin/podman rm -f -i systemd-%%N\n' \
        "$cgroups" "$2" "$work" > "/etc/systemd/system/$1.service"
}
berth_unit berth-none 'Network=none\n'
berth_unit berth-bridge 'PublishPort=8090:8080\n'
podman_unit podman-none '--network none'
podman_unit podman-bridge '-p 8091:8080'
systemctl daemon-reload
units='berth-none berth-bridge podman-none podman-bridge'
for unit in $units; do
    systemctl start "$unit" && systemctl stop "$unit" # warm
    : > "/tmp/start-$unit"; : > "/tmp/stop-$unit"
done
for round in $(seq "$rounds"); do
    for unit in $units; do
        a=$(now); systemctl start "$unit"; b=$(now); sleep 0.05
        c=$(now); systemctl stop "$unit"; d=$(now)
        echo $((b - a)) >> "/tmp/start-$unit"
        echo $((d - c)) >> "/tmp/stop-$unit"
    done
done
row() { # LABEL PREFIX
    for unit in $units; do eval "${unit//-/_}=$(median < "/tmp/$2-$unit" | awk '{printf "%.1f", $1 / 1000000}')"; done
    printf '%-24s %10s %10s %10s %10s   %s\n' "$1" "$berth_none" "$berth_bridge" "$podman_none" "$podman_bridge" \
        "$(awk -v a="$berth_none" -v b="$berth_bridge" -v c="$podman_none" -v d="$podman_bridge" \
            'BEGIN {printf "bridge adds: berth %.1f, podman %.1f", b - a, d - c}')"
}
printf '%-24s %10s %10s %10s %10s\n' "ms, median of $rounds" berth-none berth-port podman-none podman-port
row "systemctl start" start
row "systemctl stop" stop

# requests: from a namespace that plays the outside, over one wire, to the same server by three ways
ip netns add outside
ip link add wire0 type veth peer name wire1 netns outside
ip addr add 192.0.2.1/24 dev wire0
ip link set wire0 up
ip netns exec outside sh -c 'ip link set lo up; ip addr add 192.0.2.2/24 dev wire1; ip link set wire1 up'
systemctl start berth-bridge podman-bridge
systemd-run -q --unit=plain "$work/probe" who 8092 x
until ip netns exec outside curl -s -o /dev/null http://192.0.2.1:8092/; do sleep 0.05; done
for port in 8092 8090 8091; do : > "/tmp/rate-$port"; done
for round in 1 2 3 4 5; do
    for port in 8092 8090 8091; do
        ip netns exec outside ab -q -n 5000 -c 8 "http://192.0.2.1:$port/" 2>/dev/null |
            awk '/^Requests per second/ {print $4}' >> "/tmp/rate-$port"
    done
done
plain=$(median < /tmp/rate-8092) berth=$(median < /tmp/rate-8090) podman=$(median < /tmp/rate-8091)
printf '%-24s %10s %10s %10s   %s\n' "requests/s, host port" "$plain" "$berth" "$podman" \
    "$(awk -v p="$plain" -v b="$berth" -v q="$podman" 'BEGIN {printf "columns: plain, berth, podman; berth/plain %.2f, podman/plain %.2f", b / p, q / p}')"
IN
lab bash "$work/in.sh" "$work" "$rounds"
