#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What limits.bats asks in a guest with real cgroup controllers: limits-guest.sh WORK prints "NAME VALUE" lines.
work=$1
image=localhost/berth-test:1
units=/etc/containers/systemd
mkdir -p $units
show() { systemctl show -P "$2" "$1"; }
say() { echo "$1 ${*:2}"; }
payload() { echo "/sys/fs/cgroup/system.slice/$1.service/$2"; }
# unit NAME COMMAND [LINE...]
unit() {
    local name=$1 command=$2
    shift 2
    printf '%s\n' '[Container]' Image=$image Network=none "ContainerName=$name" "Exec=sh -c '$command'" "$@" > "$units/$name.container"
}

say controllers "$(cat /sys/fs/cgroup/cgroup.controllers)"
# the root cannot be an overlay's upper, and a tmpfs of this kernel has no id-mapped mounts
modprobe -a loop ext4
truncate -s 1G /tmp/store.img
mkfs.ext4 -q /tmp/store.img
mount -o loop /tmp/store.img /var/lib/containers
id=$(berth pull -q "oci:$work/oci:web") && berth tag "$id" $image || exit 1

unit hog 'exec dd if=/dev/zero of=/dev/shm/x bs=1M count=60' 'PodmanArgs=--memory 24m --memory-swap 24m' ShmSize=64m '[Service]' OOMPolicy=stop
unit forks 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 100 & done; wait' PidsLimit=6
unit busy 'while :; do :; done' 'PodmanArgs=--cpus 0.25'
unit weights 'exec sleep 1000' 'PodmanArgs=--memory 40m -c 512 --blkio-weight=300 --memory-reservation 16m'
unit user 'exec sleep 1000' '[Service]' MemoryMax=50M IOWeight=40 TasksMax=9
systemctl daemon-reload
systemctl start hog forks busy weights user --no-block

for _ in $(seq 300); do [ "$(show hog ActiveState)" = failed ] && break; sleep 0.2; done
say hog "$(show hog Result)" "$(show hog MemoryMax)" "$(show hog MemorySwapMax)"
for _ in $(seq 300); do [ "$(show busy ActiveState)$(show weights ActiveState)$(show user ActiveState)" = activeactiveactive ] && break; sleep 0.2; done

for _ in $(seq 100); do journalctl -u forks -o cat | grep -q "can't fork" && break; sleep 0.2; done
say forks "$(show forks TasksMax)" "$(journalctl -u forks -o cat | grep -c "can't fork")"
usage() { sed -n 's/^usage_usec //p' "$(payload busy cpu.stat)"; }
a=$(usage); sleep 4; b=$(usage)
say busy "$(cat "$(payload busy cpu.max)" | tr ' ' /)" $(((b - a) / 40000)) "$(show busy CPUQuotaPerSecUSec)"
say weights "$(cat "$(payload weights memory.max)")" "$(cat "$(payload weights memory.low)")" "$(cat "$(payload weights cpu.weight)")" "$(show weights MemoryMax)"
say io "$(head -1 "$(payload user io.weight)" 2> /dev/null)" "$(show user IOWeight)"
say user "$(cat "$(payload user memory.max)")" "$(cat "$(payload user pids.max)")"

systemctl set-property --runtime weights.service MemoryMax=33M
say set-property "$(cat "$(payload weights memory.max)")"
berth update --memory 29m weights > /dev/null
say update "$(cat "$(payload weights memory.max)")" "$(show weights MemoryMax)"
say inspect "$(berth inspect --format '{{.HostConfig.Memory}}' weights)"
berth stats --no-stream --format '{{.MemUsage}}|{{.PIDs}}' weights > /tmp/stats
say stats "$(sed 's/^[0-9.]*[kM]B/N/' /tmp/stats)"

berth pause busy > /dev/null
a=$(usage); sleep 1; b=$(usage)
say paused $((b - a)) "$(berth inspect --format '{{.State.Status}}' busy)" "$(show busy FreezerState)"
berth unpause busy > /dev/null
a=$(usage); sleep 2; b=$(usage)
say unpaused $((b - a > 100000))

# an older kernel's mounts: layers and volumes with mapped ids, device nodes, another user's unit
for f in /etc/subuid /etc/subgid; do echo containers:1000000:1000000 >> $f; done
say kernel "$(uname -r)"
say mapped "$(berth run --rm --network none --userns auto -v mapped:/data $image \
    sh -c 'id -u; stat -c %u /bin/busybox; touch /x /data/x; stat -c %u /x /data/x; echo > /dev/null && stat -c %t:%T /dev/null' | tr '\n' ' ')"
say on-disk "$(stat -c %u /var/lib/containers/storage/volumes/mapped/_data/x)"
unit app 'id -u; touch /made; exec sleep 1000' '[Service]' User=daemon
systemctl daemon-reload
systemctl start app
say app "$(systemctl is-active app)" "$(tr -s ' ' < "/proc/$(show app MainPID)/uid_map" | head -1)" "$(berth exec app stat -c %u /made)"
for i in 1 2 3 4 5 6; do berth run --rm --network none --userns auto $image sh -c "echo $i > /own; sleep 1; cat /own" > /tmp/own.$i & done
wait
say at-once "$(cat /tmp/own.* | tr '\n' ' ')" "$(grep -c /run/berth/rootfs /proc/self/mountinfo)" "$(ls /run/berth/rootfs | wc -l)"

# a container of its own, and one of berth-oci's
berth run -d --name own --network none --memory 20m --pids-limit 7 $image sleep 1000 > /dev/null
own=/sys/fs/cgroup$(berth inspect --format '{{.State.CgroupPath}}' own)
say own "$(cat "$own/memory.max" "$(dirname "$own")/memory.max" 2> /dev/null | sort -n | head -1)" "$(cat "$own/pids.max" "$(dirname "$own")/pids.max" 2> /dev/null | sort -n | head -1)"
berth run --name oom --network none --memory 24m --memory-swap 24m --shm-size 64m $image sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=60' > /dev/null 2>&1
say oom $? "$(berth inspect --format '{{.State.OOMKilled}}' oom)"
python3 "$work/oci-bundle.py" /tmp/bundle 'sh("sleep 1000")' 'c["linux"]["cgroupsPath"] = "/limits"' \
    'c["linux"]["resources"] = {"memory": {"limit": 25165824}, "pids": {"limit": 8}, "cpu": {"quota": 30000, "period": 100000, "shares": 512}}' || say oci-bundle failed
berth-oci run -d -b /tmp/bundle limits > /dev/null 2>&1 < /dev/null
say oci "$(cat /sys/fs/cgroup/limits/memory.max)" "$(cat /sys/fs/cgroup/limits/pids.max)" "$(tr ' ' / < /sys/fs/cgroup/limits/cpu.max)"
berth-oci update --memory 33554432 limits
say oci-update "$(cat /sys/fs/cgroup/limits/memory.max)"
say oci-events "$(berth-oci events --stats limits | python3 -c 'import json, sys; d = json.load(sys.stdin)["data"]; print(d["memory"]["usage"]["limit"], d["pids"]["limit"])')"
berth-oci delete --force limits
exit 0
