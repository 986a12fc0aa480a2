#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes the image that pull.sh measures with: eight layers of Debian packages, many small files,
# hard links and whiteouts; about 500 MB compressed, 1.5 GB of tar, 84,000 entries. Tags "bench"
# (gzip) and "bench-zstd".
#
# usage: make-image.sh OCI-DIRECTORY      (needs root, mmdebstrap, buildah, skopeo, a Debian mirror)
set -euo pipefail
out=$(realpath -m "${1:?usage: make-image.sh OCI-DIRECTORY}")
work=$(mktemp -d "$(dirname "$out")/make-image.XXXXXX")
trap 'rm -rf "$work"' EXIT
b() { buildah --root "$work/store" --runroot "$work/run" --storage-driver overlay "$@"; }
previous=

# layer SCRIPT: one more layer, made by a shell script inside
layer() {
    local container
    container=$(b from --pull-never "$previous")
    b run --isolation chroot --network host --env DEBIAN_FRONTEND=noninteractive \
        -v /etc/resolv.conf:/etc/resolv.conf:ro "$container" -- /bin/sh -ec "$1"
    previous=bench:$((${previous#bench:} + 1))
    b commit -q --rm "$container" "$previous" >/dev/null
}

packages() {
    layer "apt-get update -q && apt-get install -qy --no-install-recommends $* && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb"
}

mmdebstrap --variant=minbase --include=ca-certificates,apt-utils,locales bookworm "$work/rootfs.tar"
container=$(b from scratch)
b add -q "$container" "$work/rootfs.tar" / >/dev/null
previous=bench:1
b commit -q --rm "$container" "$previous" >/dev/null
packages python3 python3-numpy python3-scipy git perl curl
packages build-essential cmake pkg-config libssl-dev
packages nodejs npm
packages llvm-14 postgresql-15
# shellcheck disable=SC2016
layer 'for d in $(seq 100); do mkdir -p /srv/app/m$d; for f in $(seq 60); do echo "module $d $f" >/srv/app/m$d/f$f.txt; done; ln /srv/app/m$d/f1.txt /srv/app/m$d/hard.txt; ln -s f2.txt /srv/app/m$d/soft.txt; done; chown -R 1000:1000 /srv/app'
layer 'rm -rf /usr/share/doc/* /usr/share/man/* /srv/app/m1 && mkdir /srv/app/m1 && echo fresh >/srv/app/m1/new'
container=$(b from --pull-never "$previous")
b config --user 1000:1000 --workingdir /srv/app --cmd id "$container"
b commit -q --rm "$container" bench:final >/dev/null
source="containers-storage:[overlay@$work/store+$work/run]localhost/bench:final"
skopeo copy -q --dest-compress-format gzip "$source" "oci:$out:bench"
skopeo copy -q --dest-compress-format zstd --dest-decompress=false "$source" "oci:$out:bench-zstd"
