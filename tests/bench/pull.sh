#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Pull of a large image: wall time, CPU time and peak memory of berth beside podman (this system's
# and, where there is one, Debian 13's), skopeo and the floor: curl of the blobs, igzip to
# /dev/null, tar x of the plain layers. Prints a table, asserts nothing.
#
# usage: pull.sh OCI-DIRECTORY [TAG…]      (tests/bench/make-image.sh makes one)
#
# Every run gets a fresh ext4 on a file in /dev/shm: on a file system that lately lost many files,
# ext4 without a journal searches long for inodes, and a disk's own speed is not the question here.
set -euo pipefail
oci=$(realpath "${1:?usage: pull.sh OCI-DIRECTORY [TAG…]}")
shift
[ $# -gt 0 ] || set -- bench bench-zstd
here=$(dirname "$(realpath "$0")")
build=${BUILD:-/tmp/build-img}
export BERTH=${BERTH:-$build/src/cli/berth} BERTH_LIBEXECDIR=${BERTH_LIBEXECDIR:-$build/src/cli}
size=${BENCH_FS_SIZE:-6G}
rounds=${ROUNDS:-3}
BATS_TEST_TMPDIR=$(mktemp -d /var/tmp/berth-bench.XXXXXX)
# shellcheck source=../integration/image-lib.bash
. "$here/../integration/image-lib.bash"
results=$BATS_TEST_TMPDIR/results

cleanup() {
    umount "$BATS_TEST_TMPDIR/fs" 2>/dev/null || true
    rm -f "/dev/shm/berth-bench.$$"
    stop_registry
    rm -rf "$BATS_TEST_TMPDIR"
}
trap cleanup EXIT

fresh_fs() {
    umount -R "$BATS_TEST_TMPDIR/fs/store/overlay" 2>/dev/null || true
    umount "$BATS_TEST_TMPDIR/fs" 2>/dev/null || true
    rm -f "/dev/shm/berth-bench.$$"
    truncate -s "$size" "/dev/shm/berth-bench.$$"
    mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 "/dev/shm/berth-bench.$$"
    mkdir -p "$BATS_TEST_TMPDIR/fs"
    mount -o loop "/dev/shm/berth-bench.$$" "$BATS_TEST_TMPDIR/fs"
    STORE=$BATS_TEST_TMPDIR/fs/store
    mkdir -p "$STORE"
}

# measure NAME COMMAND…: best of the rounds, by wall time
measure() {
    local name=$1 i begin end
    shift
    for i in $(seq "$rounds"); do
        fresh_fs
        sync
        if ! /usr/bin/time -o "$BATS_TEST_TMPDIR/time" -f '%e %U %S %M' "$@" >/dev/null 2>"$BATS_TEST_TMPDIR/err"; then
            printf '%-34s failed: %s\n' "$name" "$(tail -1 "$BATS_TEST_TMPDIR/err")"
            return
        fi
        # berth syncs before it commits; the others leave that to the kernel
        begin=$(date +%s%N)
        sync -f "$BATS_TEST_TMPDIR/fs"
        end=$(date +%s%N)
        printf '%s %s\n' "$(tail -1 "$BATS_TEST_TMPDIR/time")" $(((end - begin) / 1000000)) >>"$results.$$"
    done
    sort -n "$results.$$" | head -1 | awk -v name="$name" \
        '{ printf "%-34s %7.2f s wall %7.2f s on disk %7.2f s user %6.2f s sys %7.1f MB\n", name, $1, $1 + $5 / 1000, $2, $3, $4 / 1024 }'
    rm "$results.$$"
}

start_registry "$BATS_TEST_TMPDIR/registry"
run_curl() {
    local digest
    for digest in $1; do
        printf 'url = "http://%s/v2/lab/%s/blobs/%s"\noutput = "/dev/null"\n' "$REGISTRY" "$2" "$digest"
    done >"$BATS_TEST_TMPDIR/curl.conf"
}

for tag in "$@"; do
    echo "== $tag"
    # its cache of blobs would put the gzip layers in the place of the zstd ones
    skopeo copy -q --preserve-digests --dest-tls-verify=false "oci:$oci:$tag" "docker://$REGISTRY/lab/$tag:1"
    raw=$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/lab/$tag:1")
    digests=$(jq -r '.layers[].digest' <<<"$raw")
    echo "$raw" | jq -r '"\(.layers | length) layers, \((.layers | map(.size) | add) / 1e6 | floor) MB compressed"'
    plain=$BATS_TEST_TMPDIR/plain
    mkdir -p "$plain"
    for digest in $digests; do
        blob=$oci/blobs/sha256/${digest#sha256:}
        case $(head -c 4 "$blob" | xxd -p) in
        28b52ffd) zstd -dcq "$blob" ;;
        *) gzip -dc "$blob" ;;
        esac >"$plain/${digest#sha256:}.tar"
    done
    run_curl "$digests" "$tag"
    measure "floor: curl of the blobs" curl -sfZ --parallel-max 6 -K "$BATS_TEST_TMPDIR/curl.conf"
    # shellcheck disable=SC2016
    case $tag in
    *zstd*) measure "floor: zstd -dc" sh -c 'cat "$@" | zstd -dcq >/dev/null' sh $(printf "$oci/blobs/sha256/%s " ${digests//sha256:/}) ;;
    *) measure "floor: igzip -dc" sh -c 'for f; do igzip -dc "$f" >/dev/null; done' sh $(printf "$oci/blobs/sha256/%s " ${digests//sha256:/}) ;;
    esac
    # shellcheck disable=SC2016
    measure "floor: tar x of the plain layers" sh -c 'dir=$1; shift; n=0; for f; do mkdir "$dir/$n"; tar -C "$dir/$n" -xf "$f"; n=$((n + 1)); done' sh "$BATS_TEST_TMPDIR/fs" "$plain"/*.tar
    measure "berth pull" "$BERTH" --root "$BATS_TEST_TMPDIR/fs/store" --runroot "$BATS_TEST_TMPDIR/run" pull -q --tls-verify=false "$REGISTRY/lab/$tag:1"
    measure "skopeo copy dir:" skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/lab/$tag:1" "dir:$BATS_TEST_TMPDIR/fs/dir"
    measure "podman $(podman --version | awk '{ print $3 }') pull" podman --root "$BATS_TEST_TMPDIR/fs/store" --runroot "$BATS_TEST_TMPDIR/run" --storage-driver overlay pull -q --tls-verify=false "$REGISTRY/lab/$tag:1"
    if has_podman5; then
        export -f podman5
        export DEBIAN13 STORE
        measure "podman 5 pull" bash -c 'podman5 pull -q --tls-verify=false "$1"' bash "$REGISTRY/lab/$tag:1"
    fi
    rm -rf "$plain"
done
