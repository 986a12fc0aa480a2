#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# user-mode-kernel.sh [-s STAGE] [-b SOURCE:TARGET]... SCRIPT: a Linux kernel as a process (Debian's
# user-mode-linux) with systemd as PID 1 and the cgroup controllers cpu, io, memory and pids, which a private
# systemd on this machine may lack. Its root is this host's, below an overlay on a tmpfs, with the files of STAGE
# on top; nothing is written to the host. SCRIPT runs as root when the system is up; what it prints and its exit
# status come back. Needs root, user-mode-linux and kmod. 77: it cannot be had here, with the reason on stderr.
set -eu

stage= binds=
while getopts "s:b:" option; do
    case $option in
        s) stage=$(realpath "$OPTARG") ;;
        b) binds="$binds $OPTARG" ;;
        *) sed -n '3,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
script=$(realpath "${1:?the script is missing}")

cannot() {
    echo "user-mode-kernel: $1" >&2
    exit 77
}
[ "$(id -u)" = 0 ] || cannot "root is missing"
kernel=$(command -v linux.uml) || cannot "the package user-mode-linux is not installed"
command -v modprobe > /dev/null || cannot "the package kmod is not installed"

work=$(mktemp -d /var/tmp/user-mode-kernel.XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
cat > "$work/inner" <<'INNER'
set -eu
work=$1 stage=$2 kernel=$3 script=$4
shift 4
mkdir "$work/t"
mount -t tmpfs -o size=6G,mode=755 user-mode-kernel "$work/t"
cd "$work/t"
mkdir upper work root io
cp "$script" io/script
cp "$kernel" io/kernel # the host's may lie where the guest's root hides it
mount -t overlay -o "lowerdir=/,upperdir=$work/t/upper,workdir=$work/t/work" guest root
cd root
[ -z "$stage" ] || cp -a "$stage/." .
mkdir -p usr/lib/modules guest etc/systemd/system/multi-user.target.wants
cp -a /usr/lib/uml/modules/. usr/lib/modules/
mount --bind "$work/t/io" guest
for bind; do
    mkdir -p ".${bind#*:}"
    mount --rbind "${bind%%:*}" ".${bind#*:}"
done
: > etc/fstab
echo 5f3a1c0e9b7d4a6f8e2c1b3d5f7a9c0e > etc/machine-id
echo guest > etc/hostname
# what has nothing to do there, or waits for hardware
for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger.service \
    systemd-timesyncd.service systemd-networkd.service systemd-networkd.socket systemd-networkd-wait-online.service \
    systemd-resolved.service systemd-firstboot.service systemd-remount-fs.service systemd-binfmt.service \
    systemd-sysctl.service systemd-journal-catalog-update.service ldconfig.service kmod-static-nodes.service \
    proc-sys-fs-binfmt_misc.automount dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
    sys-kernel-config.mount getty.target console-getty.service machines.target remote-fs.target timers.target \
    docker-registry.service podman.service podman.socket podman-restart.service containerd.service docker.service \
    docker.socket postgresql.service nftables.service; do
    ln -sfn /dev/null "etc/systemd/system/$unit"
done
ln -sfn /lib/systemd/system/multi-user.target etc/systemd/system/default.target
cat > etc/systemd/system/guest-script.service <<'UNIT'
[Unit]
After=multi-user.target
DefaultDependencies=no
[Service]
Type=exec
StandardOutput=file:/guest/out
StandardError=inherit
Environment=HOME=/root
ExecStart=/bin/sh -c 'modprobe -a overlay veth bridge 2> /dev/null; bash /guest/script; echo $? > /guest/status; sync; systemctl poweroff -ff'
UNIT
ln -sfn ../guest-script.service etc/systemd/system/multi-user.target.wants/guest-script.service
: > "$work/t/io/out"
env -i HOME=/tmp TMPDIR=/dev/shm PATH=/usr/sbin:/usr/bin:/sbin:/bin timeout 300 "$work/t/io/kernel" mem=1536M seccomp=on \
    rootfstype=hostfs "rootflags=$work/t/root" root=/dev/root rw con=null con0=null,fd:1 quiet loglevel=3 cgroup_no_v1=all \
    random.trust_cpu=on panic=-1 "uml_dir=$work/t/io" umid=guest systemd.show_status=no init=/lib/systemd/systemd \
    < /dev/null > "$work/t/io/console" 2>&1 || true
cat "$work/t/io/out"
[ -s "$work/t/io/status" ] || {
    echo "user-mode-kernel: the script did not end; the console's last lines:" >&2
    tail -15 "$work/t/io/console" >&2
    exit 1
}
exit "$(cat "$work/t/io/status")"
INNER
unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
    sh "$work/inner" "$work" "$stage" "$kernel" "$script" $binds
