#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build-packages.sh [--install] build|demo|test...: Debian's packages by purpose, in one place. Without
# --install they are printed.
set -eu

install=
[ "${1:-}" = --install ] && { install=1; shift; }
packages=
for purpose; do
    case $purpose in
        build) packages="$packages gcc libc6-dev meson ninja-build pkg-config libglib2.0-dev libjson-glib-dev
            libsystemd-dev systemd libseccomp-dev libcap-dev libmnl-dev libnftables-dev
            libcurl4-openssl-dev libssl-dev zlib1g-dev libisal-dev libzstd-dev liblzma-dev libbz2-dev libyaml-dev
            python3-docutils" ;;
        demo) packages="$packages systemd libpam-systemd dbus busybox-static docker-registry skopeo umoci curl iproute2
            util-linux procps catatonit golang-github-containers-common" ;;
        test) packages="$packages bats podman crun containerd buildah jq strace python3 attr e2fsprogs xz-utils gpg gpgv clang-format
            libnss-systemd uidmap nftables aardvark-dns netavark containernetworking-plugins passt bind9-dnsutils socat apache2-utils netcat-openbsd openssl gzip bsdextrautils git file mmdebstrap tinyproxy-bin docker.io zsh fish btrfs-progs user-mode-linux kmod" ;;
        *) echo "build-packages: unknown purpose '$purpose'" >&2; exit 2 ;;
    esac
done
# Debian 13 has systemd's pkg-config file in a package of its own
[ -e /etc/os-release ] && . /etc/os-release
[ "${VERSION_ID:-12}" = 12 ] || packages="$packages systemd-dev"
if [ -z "$install" ]; then
    echo $packages
    exit 0
fi
missing=
for package in $packages; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -q '^installed$' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
apt-get install -qy --no-install-recommends $missing >/dev/null
