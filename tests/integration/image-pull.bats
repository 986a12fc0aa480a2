# SPDX-License-Identifier: Apache-2.0
# Pulling from a registry, and what can go wrong with it. Needs root for owners and devices.

bats_require_minimum_version 1.5.0
load image-lib.bash

setup_file() {
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    start_registry "$BATS_FILE_TMPDIR/registry"
    export REGISTRY REGISTRY_PID
    make_image "$BATS_FILE_TMPDIR/oci"
    push_image "$BATS_FILE_TMPDIR/oci" lab/small:1
}

teardown_file() {
    stop_registry
}

setup() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    STORE=$(mktemp -d /var/tmp/berth-bats.XXXXXX)
}

teardown() {
    umount -R "$STORE/small/store" "$STORE/small" 2>/dev/null || true
    umount -R "$STORE" 2>/dev/null || true
    rm -rf "$STORE" "$STORE-run" "$STORE-run5"
}

pull() {
    store_berth pull --tls-verify=false "$@"
}

# Nothing of a failed pull is left: no image, no layer, no staging.
assert_store_is_empty() {
    [ -z "$(store_berth images -q)" ]
    [ -z "$(ls -A "$STORE/berth-staging" 2>/dev/null)" ]
    [ "$(cat "$STORE/overlay-layers/layers.json" 2>/dev/null || echo '[]')" = '[]' ]
    [ -z "$(find "$STORE/overlay" -mindepth 1 -maxdepth 1 -name '*[0-9a-f][0-9a-f]' 2>/dev/null)" ]
}

# push_hostile KIND: as lab/KIND:1
push_hostile() {
    "$BATS_TEST_DIRNAME/hostile-image.py" "$1" "$BATS_TEST_TMPDIR/hostile-$1"
    push_image "$BATS_TEST_TMPDIR/hostile-$1" "lab/$1:1"
}

@test "pull prints the id, and images and inspect show the image" {
    run --separate-stderr pull "$REGISTRY/lab/small:1"
    [ "$status" -eq 0 ]
    [[ "$output" =~ ^[0-9a-f]{64}$ ]]
    id=$output
    run store_berth images --no-trunc -q
    [ "$output" = "sha256:$id" ]
    run store_berth image inspect --format '{{.Id}} {{.Os}} {{index .Labels "test"}}' lab/small:1
    [ "$output" = "$id linux yes" ]
    store_berth image exists "$REGISTRY/lab/small:1"
    run store_berth image exists "$REGISTRY/lab/other"
    [ "$status" -eq 1 ]
}

@test "layers are applied as the image says" {
    pull -q "$REGISTRY/lab/small:1"
    lower=$(store_berth image inspect --format '{{.GraphDriver.Data.UpperDir}}:{{.GraphDriver.Data.LowerDir}}' lab/small:1)
    mkdir "$STORE/view"
    mount -t overlay overlay -o "lowerdir=$lower" "$STORE/view"
    [ ! -e "$STORE/view/gone" ]
    [ "$(stat -c '%a %h' "$STORE/view/opt/hard1")" = "4755 2" ]
    [ "$(readlink "$STORE/view/opt/link")" = ../etc/motd ]
    [ "$(stat -c %Y "$STORE/view/opt")" = 981173106 ]
    [ "$(stat -c %a "$STORE/view/tmp")" = 1777 ]
    [ "$(cat "$STORE/view/opt/"n*me*)" = data ]
    umount "$STORE/view"
}

@test "podman lists, inspects, runs, pushes and removes what was pulled" {
    pull -q "$REGISTRY/lab/small:1"
    run store_podman images --noheading --format '{{.Repository}}:{{.Tag}}'
    [ "$output" = "$REGISTRY/lab/small:1" ]
    theirs=$(store_podman image inspect --format '{{.Id}} {{.Digest}} {{.Size}} {{.RootFS.Layers}}' lab/small:1)
    ours=$(store_berth image inspect --format '{{.Id}} {{.Digest}} {{.Size}} {{.RootFS.Layers}}' lab/small:1)
    echo "$theirs"; echo "$ours"; [ "$theirs" = "$ours" ]
    run run_podman run --rm --network none --cgroups=disabled "$REGISTRY/lab/small:1"
    [ "$status" -eq 0 ]
    [ "$output" = hello ]
    store_podman push -q --tls-verify=false "$REGISTRY/lab/small:1" "docker://$REGISTRY/lab/pushed:1"
    store_podman rmi "$REGISTRY/lab/small:1"
    assert_store_is_empty
}

@test "podman 5 lists, checks, runs, pushes and removes what was pulled" {
    has_podman5 || skip "no Debian 13 root with podman at $DEBIAN13"
    # umoci's archives have an entry for "/", which makes `system check` complain of any store
    ctr=$(buildah --root "$STORE/b" --runroot "$STORE/b-run" --storage-driver vfs from scratch)
    mkdir "$BATS_TEST_TMPDIR/tree5" && cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/tree5/busybox"
    buildah --root "$STORE/b" --runroot "$STORE/b-run" --storage-driver vfs copy -q "$ctr" "$BATS_TEST_TMPDIR/tree5" /bin
    buildah --root "$STORE/b" --runroot "$STORE/b-run" --storage-driver vfs commit -q "$ctr" "oci:$BATS_TEST_TMPDIR/built5:small"
    push_image "$BATS_TEST_TMPDIR/built5" lab/built:1
    rm -rf "$STORE/b" "$STORE/b-run"
    pull -q "$REGISTRY/lab/built:1"
    run podman5 images --noheading --format '{{.Repository}}:{{.Tag}}'
    [ "$output" = "$REGISTRY/lab/built:1" ]
    podman5 system check
    run podman5 run --rm --network none --cgroups=disabled "$REGISTRY/lab/built:1" /bin/busybox echo hi
    [ "$output" = hi ]
    podman5 push -q --tls-verify=false "$REGISTRY/lab/built:1" "docker://$REGISTRY/lab/pushed5:1"
    podman5 rmi "$REGISTRY/lab/built:1"
    [ -z "$(store_berth images -q)" ]
}

@test "berth reads, shows and removes what podman pulled" {
    store_podman pull -q --tls-verify=false "$REGISTRY/lab/small:1"
    run store_berth images --format '{{.Repository}}:{{.Tag}}'
    [ "$output" = "$REGISTRY/lab/small:1" ]
    theirs=$(store_podman image inspect --format '{{.Id}} {{.Digest}} {{.Size}}' lab/small:1)
    ours=$(store_berth image inspect --format '{{.Id}} {{.Digest}} {{.Size}}' lab/small:1)
    echo "$theirs"; echo "$ours"; [ "$theirs" = "$ours" ]
    store_berth rmi lab/small:1
    run store_podman images -q
    [ -z "$output" ]
    assert_store_is_empty
}

@test "layers that are there are not fetched again" {
    pull -q "$REGISTRY/lab/small:1"
    umoci config --image "$BATS_FILE_TMPDIR/oci:small" --tag twin --config.label twin=yes
    push_image "$BATS_FILE_TMPDIR/oci" lab/twin:1 twin
    before=$(ls "$STORE/overlay-layers" | wc -l)
    pull -q "$REGISTRY/lab/twin:1"
    [ "$(ls "$STORE/overlay-layers" | wc -l)" = "$before" ]
    store_berth rmi lab/small:1
    run store_podman image inspect --format '{{.Size}}' lab/twin:1
    [ "$status" -eq 0 ]
    store_berth rmi lab/twin:1
    assert_store_is_empty
}

@test "a zstd image is pulled as podman pulls it" {
    skopeo copy -q --dest-tls-verify=false --dest-compress-format zstd --dest-compress \
        "oci:$BATS_FILE_TMPDIR/oci:small" "dir:$BATS_TEST_TMPDIR/zstd"
    skopeo copy -q --dest-tls-verify=false "dir:$BATS_TEST_TMPDIR/zstd" "docker://$REGISTRY/lab/zstd:1"
    pull -q "$REGISTRY/lab/zstd:1"
    grep -q '"compression":4' "$STORE/overlay-layers/layers.json"
    run run_podman run --rm --network none --cgroups=disabled "$REGISTRY/lab/zstd:1"
    [ "$output" = hello ]
}

@test "by digest: the digest must be the image's" {
    digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/lab/small:1")
    pull -q "$REGISTRY/lab/small@$digest"
    run store_berth images --format '{{.Repository}} {{.Tag}} {{.Digest}}'
    [ "$output" = "$REGISTRY/lab/small <none> $digest" ]
}

@test "a missing image and an unreachable registry: one error that names it" {
    run pull "$REGISTRY/lab/nothing:9"
    [ "$status" -eq 125 ]
    [[ "$output" == *"docker://$REGISTRY/lab/nothing:9"* ]]
    [[ "$output" == *"404"* ]]
    [ "$(grep -c '^Error:' <<<"$output")" -eq 1 ]
    port=$(free_port)
    run pull "127.0.0.1:$port/lab/small:1"
    [ "$status" -eq 125 ]
    [[ "$output" == *"127.0.0.1:$port"* ]]
    [ "$(grep -c '^Error:' <<<"$output")" -eq 1 ]
    assert_store_is_empty
}

@test "https is required unless told otherwise" {
    run store_berth pull "$REGISTRY/lab/small:1"
    [ "$status" -eq 125 ]
    [[ "$output" == *"https://$REGISTRY"* ]]
}

@test "hostile layers are refused, each with one error, and nothing is left behind" {
    for kind in dotdot dotdot-inside looping-link hardlink-out hardlink-absolute \
        hardlink-by-symlink device-whiteout overlay-attribute whiteout-nothing whiteout-dotdot \
        huge-sparse minus-owner long-component wrong-diff-id; do
        push_hostile "$kind"
        run pull "$REGISTRY/lab/$kind:1"
        echo "$kind: $output"
        [ "$status" -eq 125 ]
        [ "$(grep -c '^Error:' <<<"$output")" -eq 1 ]
        [[ "$output" == *"layer 'sha256:"* ]]
        assert_store_is_empty
    done
    [ ! -e /tmp/evil ]
    [ ! -e /var/tmp/evil ]
}

@test "links that lead out of a layer stay inside it" {
    for kind in absolute-link relative-link link-swapped; do
        push_hostile "$kind"
        run pull -q "$REGISTRY/lab/$kind:1"
        echo "$kind: $output"
        [ ! -e /tmp/evil ]
        [ "$status" -eq 125 ] || [ -e "$(store_berth image inspect --format '{{.GraphDriver.Data.UpperDir}}' "lab/$kind:1")/tmp/evil" ]
    done
}

@test "entries given twice: the last one counts, and links are not written through" {
    for kind in hardlink-write duplicates; do
        push_hostile "$kind"
        pull -q "$REGISTRY/lab/$kind:1"
    done
    top=$(store_berth image inspect --format '{{.GraphDriver.Data.UpperDir}}' lab/hardlink-write:1)
    [ "$(cat "$top/a")" = first ]
    [ "$(cat "$top/b")" = second ]
    top=$(store_berth image inspect --format '{{.GraphDriver.Data.UpperDir}}' lab/duplicates:1)
    [ "$(cat "$top/a")" = 3 ]
}

@test "devices are made by root, and left out in a user namespace" {
    push_hostile device
    pull -q "$REGISTRY/lab/device:1"
    top=$(store_berth image inspect --format '{{.GraphDriver.Data.UpperDir}}' lab/device:1)
    [ "$(stat -c '%t:%T' "$top/null")" = 1:3 ]
    [ "$(getfattr --only-values -n trusted.overlay.opaque "$top/d" 2>/dev/null)" = y ]
    rm -rf "${STORE:?}"/*
    unshare --user --map-root-user "$BERTH" --root "$STORE" --runroot "$STORE-run" pull -q --tls-verify=false "$REGISTRY/lab/device:1"
    top=$(store_berth image inspect --format '{{.GraphDriver.Data.UpperDir}}' lab/device:1)
    [ ! -e "$top/null" ]
    [ -e "$top/file" ]
    [ "$(getfattr --only-values -n user.overlay.opaque "$top/d" 2>/dev/null)" = y ]
    [ "$(stat -c '%F %t:%T' "$top/d/x")" = "character special file 0:0" ]
}

@test "a million entries: pulled in bounded memory" {
    [ -n "${BERTH_TEST_LONG:-}" ] || skip "only with --long"
    push_hostile many
    /usr/bin/time -o "$BATS_TEST_TMPDIR/time" -f %M "$BERTH" --root "$STORE" --runroot "$STORE-run" pull -q --tls-verify=false "$REGISTRY/lab/many:1"
    cat "$BATS_TEST_TMPDIR/time"
    [ "$(tail -1 "$BATS_TEST_TMPDIR/time")" -lt 32768 ]
}

@test "image mount shows the root, image unmount takes it away" {
    pull -q "$REGISTRY/lab/small:1"
    run store_berth image mount lab/small:1
    [ "$status" -eq 0 ]
    [ "$(cat "$output/etc/motd")" = hello ]
    [ ! -e "$output/gone" ]
    ! touch "$output/x"
    at=$output
    for names in "" lab/small:1; do
        store_berth image mount --format json $names >"$BATS_TEST_TMPDIR/mounted"
        jq -e --arg at "$at" --arg name "$REGISTRY/lab/small:1" '.[0].mountpoint == $at and .[0].Repositories == [$name] and (.[0].Names[0] | startswith("sha256:"))' "$BATS_TEST_TMPDIR/mounted"
    done
    run store_berth image mount --format table
    [ "$status" -eq 125 ]
    store_berth image unmount lab/small:1
    [ ! -e "$at/etc" ]
    [ "$(store_berth image mount --format json | jq length)" = 0 ]
}

@test "a bomb is refused" {
    push_hostile bomb
    run pull "$REGISTRY/lab/bomb:1"
    [ "$status" -eq 125 ]
    [[ "$output" == *"decompression bomb"* ]]
    assert_store_is_empty
}

@test "truncated and changed blobs are refused" {
    for how in truncated changed; do
        push_hostile good
        digest=$(skopeo inspect --tls-verify=false --format '{{index .Layers 0}}' "docker://$REGISTRY/lab/good:1")
        data=$BATS_FILE_TMPDIR/registry/data/docker/registry/v2/blobs/sha256/${digest:7:2}/${digest:7}/data
        cp "$data" "$BATS_TEST_TMPDIR/kept"
        if [ $how = truncated ]; then truncate -s -20 "$data"; else printf 'X' | dd of="$data" bs=1 seek=60 conv=notrunc status=none; fi
        run pull "$REGISTRY/lab/good:1"
        echo "$how: $output"
        [ "$status" -eq 125 ]
        [[ "$output" == *"layer '$digest'"* ]]
        [ "$(grep -c '^Error:' <<<"$output")" -eq 1 ]
        assert_store_is_empty
        cp "$BATS_TEST_TMPDIR/kept" "$data"
        rm -r "$BATS_TEST_TMPDIR/hostile-good"
    done
    pull -q "$REGISTRY/lab/good:1"
}

@test "a full disk: one error, nothing left, and the next pull succeeds" {
    mount -t tmpfs -o size=1m tmpfs "$STORE"
    run pull "$REGISTRY/lab/small:1"
    echo "$output"
    [ "$status" -eq 125 ]
    [[ "$output" == *"No space left on device"* ]]
    [ "$(grep -c '^Error:' <<<"$output")" -eq 1 ]
    assert_store_is_empty
    mount -o remount,size=100m "$STORE"
    pull -q "$REGISTRY/lab/small:1"
}

@test "a read-only store: one error" {
    mount -t tmpfs -o size=1m tmpfs "$STORE"
    mount -o remount,ro "$STORE"
    run pull "$REGISTRY/lab/small:1"
    echo "$output"
    [ "$status" -eq 125 ]
    [[ "$output" == *"Read-only file system"* ]]
    [ "$(grep -c '^Error:' <<<"$output")" -eq 1 ]
}

# kill_pull STORE: a pull that is killed at some moment, or has failed by then
kill_pull() {
    "$BERTH" --root "$1" --runroot "$STORE-run" pull -q --tls-verify=false "$REGISTRY/lab/small:1" >/dev/null 2>&1 &
    sleep "0.0$((RANDOM % 80 + 10))"
    kill -KILL $! 2>/dev/null || true
    wait $! 2>/dev/null || true
}

@test "pulls killed on a disk that is full, or nearly: nothing of them is seen, and with room the next succeeds" {
    kills=${BERTH_KILLS:-${BERTH_TEST_LONG:+200}}
    mkdir "$STORE/small"
    for i in $(seq "${kills:-25}"); do
        # room for nothing, a part of a layer, all but the records, everything
        mount -t tmpfs -o "size=$((i % 6 * 500 + 64))k" tmpfs "$STORE/small"
        kill_pull "$STORE/small"
        [ "$i" -gt 6 ] || run pull_small # to its end, which is an error or an image
        listed=$("$BERTH" --root "$STORE/small" --runroot "$STORE-run" images -q | wc -l)
        [ "$listed" -le 1 ]
        # an image that is listed is whole
        [ "$listed" -eq 0 ] || "$BERTH" --root "$STORE/small" --runroot "$STORE-run" system fsck
        mount -o remount,size=64m "$STORE/small"
        "$BERTH" --root "$STORE/small" --runroot "$STORE-run" pull -q --tls-verify=false "$REGISTRY/lab/small:1" >/dev/null
        "$BERTH" --root "$STORE/small" --runroot "$STORE-run" system fsck
        [ -z "$(ls -A "$STORE/small/berth-staging")" ]
        umount "$STORE/small"
    done
}

pull_small() {
    "$BERTH" --root "$STORE/small" --runroot "$STORE-run" pull -q --tls-verify=false "$REGISTRY/lab/small:1"
}

@test "pulls whose store turns read-only under them: an error, and once writable the next succeeds" {
    kills=${BERTH_KILLS:-${BERTH_TEST_LONG:+200}}
    mkdir "$STORE/small"
    mount -t tmpfs -o size=64m tmpfs "$STORE/small"
    mkdir "$STORE/small/store"
    for i in $(seq "${kills:-25}"); do
        rm -rf "$STORE/small/store"/*
        mount --bind "$STORE/small/store" "$STORE/small/store"
        "$BERTH" --root "$STORE/small/store" --runroot "$STORE-run" pull -q --tls-verify=false "$REGISTRY/lab/small:1" >/dev/null 2>&1 &
        pid=$!
        sleep "0.0$((RANDOM % 80 + 10))"
        # a mount with open files stays writable to them: what is opened from now on is refused
        mount -o remount,bind,ro "$STORE/small/store" || true
        [ $((i % 2)) -eq 0 ] || kill -KILL $pid 2>/dev/null || true
        wait $pid 2>/dev/null || true
        listed=$("$BERTH" --root "$STORE/small/store" --runroot "$STORE-run" images -q | wc -l)
        [ "$listed" -le 1 ]
        umount -l "$STORE/small/store"
        "$BERTH" --root "$STORE/small/store" --runroot "$STORE-run" pull -q --tls-verify=false "$REGISTRY/lab/small:1" >/dev/null
        "$BERTH" --root "$STORE/small/store" --runroot "$STORE-run" system fsck
        [ -z "$(ls -A "$STORE/small/store/berth-staging")" ]
    done
    umount -R "$STORE/small"
}

@test "a pull killed at any moment leaves a store that opens, and the next one succeeds" {
    kills=${BERTH_KILLS:-${BERTH_TEST_LONG:+200}}
    for i in $(seq "${kills:-25}"); do
        rm -rf "$STORE"/*
        "$BERTH" --root "$STORE" --runroot "$STORE-run" pull -q --tls-verify=false \
            "$REGISTRY/lab/small:1" >/dev/null 2>&1 &
        sleep "0.0$((RANDOM % 80 + 10))"
        kill -KILL $! 2>/dev/null || true
        wait $! 2>/dev/null || true
        store_berth images >/dev/null
        store_podman images >/dev/null
        pull -q "$REGISTRY/lab/small:1" >/dev/null
        [ -z "$(ls -A "$STORE/berth-staging")" ]
        [ "$(store_berth images -q | wc -l)" -eq 1 ]
    done
    run run_podman run --rm --network none --cgroups=disabled "$REGISTRY/lab/small:1"
    [ "$output" = hello ]
}
