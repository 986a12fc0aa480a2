#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Medians and ratios side by side, in one run: a plain Type=exec unit, berth, and Debian's podman + crun by a
# unit as Quadlet would write it. In a private systemd; it asserts nothing. usage: run.sh BUILD [ROUNDS]
set -u

build=${1:?usage: run.sh BUILD [ROUNDS]}
rounds=${2:-20}
. "$(dirname "$0")/lab.bash"

cat > "$work/in.sh" <<'IN'
set -u
work=$1 rounds=$2
export LC_ALL=C
mkdir -p /etc/containers/systemd /etc/containers/containers.conf.d
printf '[containers]\npids_limit = 0\n' > /etc/containers/containers.conf
now() { date +%s%N; }
median() { sort -n | awk '{v[NR] = $1} END {print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
plain() { printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=exec\nExecStart=%s/probe term 0\n' "$work"; }
berth() { printf '[Unit]\nStartLimitIntervalSec=0\n[Container]\nImage=localhost/berth-test:1\nNetwork=none\nVolume=%s/probe:/probe:ro\nExec=/probe term 0\n' "$work"; }
# crun raises RLIMIT_MEMLOCK for its device filter; where even root may not (no CAP_SYS_RESOURCE) podman is
# measured without cgroups of its own, which can only make it faster
cgroups=--cgroups=split
setpriv --dump 2>/dev/null | grep -q 'Capability bounding set.*sys_resource' || cgroups=--cgroups=disabled
podman() {
    printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=notify\nNotifyAccess=all\nDelegate=yes\nKillMode=mixed\n'
    printf 'ExecStart=/usr/bin/podman run --name systemd-%%N --replace --rm %s --network none --sdnotify=conmon -d -v %s/probe:/probe:ro localhost/berth-test:1 /probe term 0\n' "$cgroups" "$work"
    printf 'ExecStop=/usr/bin/podman rm -f -i systemd-%%N\nExecStopPost=-/usr/bin/podman rm -f -i systemd-%%N\n'
}
write() { # KIND UNIT
    if [ "$1" = berth ]; then berth > "/etc/containers/systemd/$2.container"; else "$1" > "/etc/systemd/system/$2.service"; fi
}
for kind in plain berth podman; do
    write $kind one-$kind
    for i in $(seq 50); do write $kind many-$kind-$i; done
done
systemctl daemon-reload
for kind in plain berth podman; do
    systemctl start one-$kind && systemctl stop one-$kind # warm
    : > /tmp/start-$kind; : > /tmp/stop-$kind
done
for round in $(seq "$rounds"); do
    for kind in plain berth podman; do
        a=$(now); systemctl start one-$kind; b=$(now); sleep 0.05
        c=$(now); systemctl stop one-$kind; d=$(now)
        echo $((b - a)) >> /tmp/start-$kind
        echo $((d - c)) >> /tmp/stop-$kind
    done
done
for kind in plain berth podman; do
    units=$(seq -f "many-$kind-%g" 50)
    a=$(now); systemctl start $units; b=$(now)
    # resident memory of everything that is not the payload itself
    others=$(ps -eo rss=,comm= | awk '/conmon|berth/ {n += $1} END {print n + 0}')
    c=$(now); systemctl stop $units; d=$(now)
    echo $(((b - a) / 1000000)) > /tmp/many-start-$kind
    echo $(((d - c) / 1000000)) > /tmp/many-stop-$kind
    echo $((others / 50)) > /tmp/rss-$kind
done
row() { # LABEL PREFIX DIVISOR
    for kind in plain berth podman; do eval "$kind=$(median < /tmp/$2-$kind | awk -v d=$3 '{printf "%.1f", $1 / d}')"; done
    printf '%-46s %10s %10s %10s   %s\n' "$1" "$plain" "$berth" "$podman" \
        "$(awk -v p="$plain" -v b="$berth" -v q="$podman" 'BEGIN {printf "berth/plain %.2f, podman/berth %.1f", (p ? b / p : 0), (b ? q / b : 0)}')"
}
printf '%-46s %10s %10s %10s\n' "$(systemctl --version | head -1)" plain berth podman
row "systemctl start, Network=none (ms, median)" start 1000000
row "systemctl stop (ms, median)" stop 1000000
row "50 services started together (ms)" many-start 1
row "50 services stopped together (ms)" many-stop 1
row "memory per container beyond the payload (kB)" rss 1
IN
lab bash "$work/in.sh" "$work" "$rounds"
