#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# debian13-root.sh DIR: a Debian 13 tree with podman 5.4 and what it runs with, as a peer for the tests and
# benches on older hosts. Does nothing when DIR has one. Needs root, mmdebstrap and Debian's mirror.
set -eu

root=$1
[ -x "$root/usr/bin/podman" ] && [ -x "$root/lib/systemd/systemd" ] && ls "$root"/usr/lib/*/libjson-glib-1.0.so.0 > /dev/null 2>&1 && exit 0
mirror=$(sed -n 's/^URIs: *\(http[^ ]*\).*/\1/p; s/^deb [^h]*\(http[^ ]*\) .* main.*/\1/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v security | head -1)
packages=systemd,systemd-sysv,dbus,podman,crun,conmon,netavark,aardvark-dns,passt,uidmap,catatonit,nftables
packages=$packages,iproute2,procps,util-linux,mount,busybox-static,ca-certificates,skopeo,libjson-glib-1.0-0
rm -rf --one-file-system "$root.new"
mkdir -p "$(dirname "$root")"
mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
    --aptopt='Apt::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    trixie "$root.new" ${mirror:+"$mirror"}
: > "$root.new/etc/machine-id"
rm -rf --one-file-system "$root"
mv "$root.new" "$root"
