#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A real systemd as PID 1 in namespaces of its own, over a copy-on-write view of a root file system.
# Nothing of the host changes. Used by quickstart.sh and the test suite.
#
#   private-systemd.sh check                 says in one line what this machine lacks, or nothing
#   private-systemd.sh start NAME [-r ROOT] [-s STAGE]... [-b SRC:DST]...
#                                            boots; STAGE trees are copied onto the root first
#   private-systemd.sh exec NAME CMD...      runs CMD inside, as root
#   private-systemd.sh stop NAME             powers off and cleans up
#
# Needs root, cgroup v2 (a hybrid host will do) and the right to make namespaces.
set -u

lab=${BERTH_LAB:-/var/tmp/berth-lab}/private
self=$(readlink -f "$0")

die() {
    echo "private-systemd: $*" >&2
    exit 1
}

cgroup_base() {
    for base in /sys/fs/cgroup /sys/fs/cgroup/unified; do
        if [ "$(stat -fc %T $base 2>/dev/null)" = cgroup2fs ]; then
            echo $base
            return 0
        fi
    done
    return 1
}

check() {
    [ "$(id -u)" = 0 ] || die "root is missing: run this as root"
    [ -x /lib/systemd/systemd ] || die "systemd is missing: install the package systemd"
    base=$(cgroup_base) || die "cgroup v2 is missing: no cgroup2 file system on /sys/fs/cgroup or /sys/fs/cgroup/unified"
    probe=$base/berth-probe.$$
    mkdir "$probe" 2>/dev/null || die "cgroup v2 is missing: $base is not writable"
    rmdir "$probe"
    unshare --mount --pid --fork --uts --ipc --net --cgroup true 2>/dev/null ||
        die "new namespaces are missing: unshare(2) is not permitted here"
}

pid_of() {
    pid=$(cat "$lab/$1/pid" 2>/dev/null) || return 1
    [ -n "$pid" ] && [ -d "/proc/$pid" ] || return 1
    [ "$(cut -d' ' -f22 "/proc/$pid/stat")" = "$(cat "$lab/$1/ticks" 2>/dev/null)" ] || return 1
    echo "$pid"
}

inside() { # NAME CMD...: in all namespaces of the booted system, in a cgroup of its own there
    name=$1
    shift
    pid=$(pid_of "$name") || die "$name is not running"
    base=$(cgroup_base)
    (
        mkdir -p "$base/berth-lab-$name/exec"
        echo 0 > "$base/berth-lab-$name/exec/cgroup.procs"
        exec nsenter -t "$pid" -m -u -i -n -p -C -r -w env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
    )
}

clean() {
    base=$(cgroup_base)
    tree=$base/berth-lab-$1
    if [ -d "$tree" ]; then
        echo 1 > "$tree/cgroup.kill" 2>/dev/null
        for _ in $(seq 100); do
            find "$tree" -depth -type d -exec rmdir {} + 2>/dev/null
            [ -d "$tree" ] || break
            sleep 0.05
        done
    fi
    rm -rf --one-file-system "${lab:?}/$1"
}

start() {
    name=$1
    shift
    root=/
    state=$lab/$name
    pid_of "$name" >/dev/null && die "$name is running already"
    clean "$name"
    mkdir -p "$state/mnt" "$state/containers"
    : > "$state/console"
    : > "$state/binds"
    : > "$state/stages"
    while getopts "r:s:b:" option "$@"; do
        case $option in
            r) root=$OPTARG ;;
            s) echo "$OPTARG" >> "$state/stages" ;;
            b) echo "$OPTARG" >> "$state/binds" ;;
            *) exit 2 ;;
        esac
    done
    base=$(cgroup_base)
    mkdir -p "$base/berth-lab-$name"
    (
        echo 0 > "$base/berth-lab-$name/cgroup.procs"
        exec setsid unshare --mount --propagation private --pid --fork --uts --ipc --net --cgroup \
            sh "$self" _inner "$state" "$root" "$name" < /dev/null > "$state/console" 2>&1
    ) &
    outer=$!
    pid=
    for _ in $(seq 400); do
        pid=$(cut -d' ' -f1 "/proc/$outer/task/$outer/children" 2>/dev/null)
        [ -n "$pid" ] && break
        [ -d "/proc/$outer" ] || break
        sleep 0.005
    done
    [ -n "$pid" ] || { cat "$state/console" >&2; die "cannot make namespaces"; }
    # unshare(1) itself must leave: PID 1 takes a foreign process in its root cgroup for an error
    echo "$outer" > "$base/cgroup.procs"
    echo "$pid" > "$state/pid"
    cut -d' ' -f22 "/proc/$pid/stat" > "$state/ticks"
    for _ in $(seq 2000); do
        [ -d "/proc/$pid" ] || { cat "$state/console" >&2; clean "$name"; die "PID 1 died while booting"; }
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = systemd ] &&
            [ -S "/proc/$pid/root/run/systemd/private" ] && break
        sleep 0.01
    done
    result=$(inside "$name" systemctl is-system-running --wait 2>&1)
    inside "$name" umount /proc/sys/fs
    case $result in
        running) ;;
        degraded) inside "$name" systemctl --failed --no-legend --plain >&2 ;;
        *) die "systemd did not come up: $result" ;;
    esac
}

# What runs in the new namespaces until it becomes PID 1.
inner() {
    set -e
    state=$1 root=$2 name=$3
    export PATH=/usr/sbin:/usr/bin:/sbin:/bin
    mount -t tmpfs -o mode=755,size=80% berth-lab "$state/mnt"
    mkdir "$state/mnt/upper" "$state/mnt/work" "$state/mnt/root"
    mount -t overlay -o "lowerdir=$root,upperdir=$state/mnt/upper,workdir=$state/mnt/work" berth-lab "$state/mnt/root"
    cd "$state/mnt/root"
    while IFS= read -r stage; do
        cp -a "$stage/." .
    done < "$state/stages"
    mkdir -p proc sys dev run tmp etc/systemd/system root var/lib/containers
    mount -t proc -o nosuid,nodev,noexec proc proc
    # read-only while booting, or PID 1 raises the host's fs.nr_open and fs.file-max
    mount --bind proc/sys/fs proc/sys/fs
    mount -o remount,bind,ro proc/sys/fs
    mount -t sysfs -o nosuid,nodev,noexec sysfs sys
    mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate cgroup2 sys/fs/cgroup 2>/dev/null ||
        mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
    inner_dev
    mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs run
    mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs tmp
    # mounted here because a mount job while booting can cost a second
    mkdir -p run/lock
    mount -t tmpfs -o nosuid,nodev,noexec,mode=1777,size=5M tmpfs run/lock
    inner_storage
    while IFS= read -r bind; do
        source=${bind%%:*} target=${bind#*:}
        if [ -d "$source" ]; then
            mkdir -p ".$target"
        else
            mkdir -p ".$(dirname "$target")"
            [ -e ".$target" ] || : > ".$target"
        fi
        mount --rbind "$source" ".$target"
    done < "$state/binds"
    inner_settings
    ip link set lo up 2>/dev/null || true
    mkdir -p .old
    pivot_root . .old
    cd /
    umount -l /.old
    rmdir /.old
    mount --make-rshared / # or credentials of services are empty
    exec env -i container=berth-lab "container_uuid=$(cat /proc/sys/kernel/random/uuid)" TERM=dumb LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        /lib/systemd/systemd --system --log-target=journal-or-kmsg --show-status=no
}

inner_dev() {
    mount -t tmpfs -o nosuid,mode=755 tmpfs dev
    for node in null zero full random urandom tty kmsg fuse net/tun; do
        [ -e "/dev/$node" ] || continue
        mkdir -p "dev/$(dirname $node)"
        cp -a "/dev/$node" "dev/$node"
    done
    ln -s /proc/self/fd dev/fd
    ln -s /proc/self/fd/0 dev/stdin
    ln -s /proc/self/fd/1 dev/stdout
    ln -s /proc/self/fd/2 dev/stderr
    mkdir dev/pts dev/shm dev/mqueue
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs dev/shm
    mount -t mqueue -o nosuid,nodev,noexec mqueue dev/mqueue
    : > dev/console
    mount --bind "$state/console" dev/console
}

# Layers and writable layers need a file system that can be an overlay's upper: a directory of the host
# where that is possible, a tmpfs where the host's root is an overlay itself.
inner_storage() {
    if [ "$(stat -fc %T "$state/containers")" = overlayfs ]; then
        mount -t tmpfs -o mode=755 tmpfs var/lib/containers
    else
        mount --bind "$state/containers" var/lib/containers
    fi
}

inner_settings() {
    : > etc/fstab
    tr -d - < /proc/sys/kernel/random/uuid > etc/machine-id
    echo "$name" > etc/hostname
    hostname "$name"
    # units that are about a whole machine, or that would touch the host's kernel
    for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket \
        systemd-udev-trigger.service systemd-modules-load.service systemd-timesyncd.service \
        systemd-networkd.service systemd-networkd.socket systemd-networkd-wait-online.service \
        systemd-resolved.service console-getty.service getty@tty1.service getty.target \
        systemd-remount-fs.service sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
        sys-fs-fuse-connections.mount dev-hugepages.mount proc-sys-fs-binfmt_misc.automount apt-daily.timer \
        apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
        man-db.timer logrotate.timer systemd-tmpfiles-clean.timer var-lib-machines.mount \
        systemd-journal-catalog-update.service systemd-firstboot.service systemd-homed.service \
        systemd-sysctl.service systemd-binfmt.service systemd-pstore.service ldconfig.service machines.target \
        remote-fs.target postgresql.service docker-registry.service nginx.service podman.service podman.socket \
        podman-restart.service podman-auto-update.service podman-auto-update.timer apache2.service \
        docker.service docker.socket containerd.service; do
        ln -sfn /dev/null "etc/systemd/system/$unit"
    done
    mkdir -p etc/systemd/journald.conf.d etc/systemd/system.conf.d etc/systemd/system/multi-user.target.wants
    printf '[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\nAudit=no\n' > etc/systemd/journald.conf.d/berth-lab.conf
    printf '[Manager]\nDefaultTimeoutStopSec=60s\nStatusUnitFormat=name\n' > etc/systemd/system.conf.d/berth-lab.conf
    ln -sfn /lib/systemd/system/multi-user.target etc/systemd/system/default.target
    ln -sfn /lib/systemd/system/network-online.target etc/systemd/system/multi-user.target.wants/network-online.target
    if [ -e usr/lib/systemd/system/berth-relay.socket ]; then
        mkdir -p etc/systemd/system/sockets.target.wants
        ln -sfn /usr/lib/systemd/system/berth-relay.socket etc/systemd/system/sockets.target.wants/berth-relay.socket
    fi
}

stop() {
    if pid=$(pid_of "$1"); then
        kill -s RTMIN+4 "$pid" # systemd(1): power off
        for _ in $(seq 600); do
            [ -d "/proc/$pid" ] || break
            sleep 0.05
        done
        [ -d "/proc/$pid" ] && kill -9 "$pid"
    fi
    clean "$1"
}

verb=${1:-help}
[ $# -gt 0 ] && shift
case $verb in
    check) check ;;
    start) check; start "$@" ;;
    exec) inside "$@" ;;
    stop) stop "$@" ;;
    _inner) inner "$@" ;;
    *) sed -n '3,14s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
