# SPDX-License-Identifier: Apache-2.0
# Keeping the store: prune, df, gc, fsck; additional stores; many writers at once.

bats_require_minimum_version 1.5.0
load image-lib.bash

setup_file() {
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    start_registry "$BATS_FILE_TMPDIR/registry"
    export REGISTRY REGISTRY_PID
    make_image "$BATS_FILE_TMPDIR/oci"
    for name in one two three; do
        umoci config --image "$BATS_FILE_TMPDIR/oci:small" --tag $name --config.label "name=$name"
        mkdir -p "$BATS_FILE_TMPDIR/$name" && echo "$name" >"$BATS_FILE_TMPDIR/$name/$name"
        umoci insert --image "$BATS_FILE_TMPDIR/oci:$name" "$BATS_FILE_TMPDIR/$name" /srv
        push_image "$BATS_FILE_TMPDIR/oci" lab/$name:1 $name
    done
}

teardown_file() {
    stop_registry
}

setup() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    STORE=$(mktemp -d /var/tmp/berth-bats.XXXXXX)
}

teardown() {
    rm -rf "$STORE" "$STORE-run" "$STORE.2" "$STORE.2-run"
}

pull() {
    store_berth pull -q --tls-verify=false "$@"
}

@test "prune removes nameless images, and with -a what no container uses" {
    pull "$REGISTRY/lab/one:1" "$REGISTRY/lab/two:1"
    store_berth untag "$REGISTRY/lab/one:1"
    run store_berth image prune -f
    [ "${#lines[@]}" -eq 1 ]
    ctr=$(run_podman create --network none --cgroups=disabled "$REGISTRY/lab/two:1")
    pull "$REGISTRY/lab/three:1"
    run store_berth image prune -af
    [ "${#lines[@]}" -eq 1 ]
    [ "$(store_berth images --format '{{.Repository}}')" = "$REGISTRY/lab/two" ]
    run store_berth rmi "$REGISTRY/lab/two:1"
    [ "$status" -eq 2 ]
    [[ "$output" == *"in use"* ]]
    run_podman rm "$ctr"
    store_berth rmi "$REGISTRY/lab/two:1"
    [ "$(cat "$STORE/overlay-layers/layers.json")" = '[]' ]
}

@test "prune --build-cache removes buildah's cache, but nothing that is not the user's" {
    pull "$REGISTRY/lab/one:1"
    export TMPDIR=$STORE/tmp
    mkdir -p "$TMPDIR/buildah-cache-0/deep/er"
    touch "$TMPDIR/buildah-cache-0/deep/er/file"
    store_berth image prune -f
    [ -e "$TMPDIR/buildah-cache-0/deep/er/file" ]
    store_berth image prune -f --build-cache
    [ -z "$(ls -A "$TMPDIR")" ]
    store_berth image prune -f --build-cache # nothing there is fine
    mkdir "$TMPDIR/buildah-cache-0" "$TMPDIR/theirs"
    chown 1000 "$TMPDIR/buildah-cache-0"
    run store_berth image prune -f --build-cache
    [ "$status" -eq 125 ]
    [ -d "$TMPDIR/buildah-cache-0" ]
    rmdir "$TMPDIR/buildah-cache-0"
    ln -s theirs "$TMPDIR/buildah-cache-0"
    run store_berth image prune -f --build-cache
    [ "$status" -eq 125 ]
    [ -d "$TMPDIR/theirs" ]
    [ "$(store_berth images -q | wc -l)" -eq 1 ]
}

@test "gc says why each image stays, and removes only the rest" {
    pull "$REGISTRY/lab/one:1" "$REGISTRY/lab/two:1" "$REGISTRY/lab/three:1"
    export QUADLET_UNIT_DIRS=$BATS_TEST_TMPDIR/units
    mkdir -p "$QUADLET_UNIT_DIRS"
    printf '[Container]\nImage=%s/lab/one:1\n' "$REGISTRY" >"$QUADLET_UNIT_DIRS/web.container"
    store_berth tag "$REGISTRY/lab/two:1" pinned/two
    store_berth untag "$REGISTRY/lab/two:1" "$REGISTRY/lab/two:1"
    store_berth untag "$REGISTRY/lab/three:1"
    run store_berth system gc --dry-run
    echo "$output"
    [[ "$output" == *"$REGISTRY/lab/one:1  used by unit web.container"* ]]
    [[ "$output" == *"pinned"* ]]
    [[ "$output" == *"would go"*"<none>"* ]]
    [ "$(store_berth images -q | wc -l)" -eq 3 ]
    # the name moves on to another image: the old one is what the unit goes back to
    store_berth tag localhost/pinned/two "$REGISTRY/lab/one:1"
    run store_berth system gc --dry-run
    [[ "$output" == *"previous digest of unit web.container"* ]]
    store_berth system gc
    [ "$(store_berth images -q | sort -u | wc -l)" -eq 2 ]
}

@test "df counts shared layers once" {
    pull "$REGISTRY/lab/one:1" "$REGISTRY/lab/two:1"
    run store_berth system df
    [[ "${lines[1]}" == Images*2*0*"2 MB"*100%* ]] || [[ "${lines[1]}" == Images*2*0*"2.0"*"MB"*100%* ]]
}

@test "fsck finds and repairs what a broken disk leaves" {
    pull "$REGISTRY/lab/one:1" "$REGISTRY/lab/two:1"
    store_berth system fsck
    top=$(store_berth image inspect --format '{{.GraphDriver.Data.UpperDir}}' "$REGISTRY/lab/one:1")
    echo changed >"$top/srv/one"
    run store_berth system fsck
    [ "$status" -eq 1 ]
    [[ "$output" == *"'srv/one'"* ]]
    mkdir -p "$STORE/overlay/$(printf 'a%.0s' {1..64})/diff"
    rm "$STORE"/overlay/l/*
    run store_berth system fsck --quick
    [ "$status" -eq 1 ]
    [[ "$output" == *"belongs to nothing"* ]]
    [[ "$output" == *"lost its short name"* ]]
    store_berth system fsck --repair
    store_berth system fsck
    [ "$(store_berth images --format '{{.Repository}}')" = "$REGISTRY/lab/two" ]
    run run_podman run --rm --network none --cgroups=disabled "$REGISTRY/lab/two:1"
    [ "$output" = hello ]
    pull "$REGISTRY/lab/one:1"
    store_berth system fsck
}

@test "an additional store is read, shared and never written" {
    STORE=$STORE.2 pull "$REGISTRY/lab/one:1"
    printf '[storage]\ndriver="overlay"\ngraphroot="%s"\nrunroot="%s"\n[storage.options]\nadditionalimagestores=["%s"]\n' "$STORE" "$STORE-run" "$STORE.2" >"$BATS_TEST_TMPDIR/storage.conf"
    before=$(find "$STORE.2" | sort | sha256sum)
    export CONTAINERS_STORAGE_CONF=$BATS_TEST_TMPDIR/storage.conf
    run "$BERTH" images --format '{{.Repository}} {{.ReadOnly}}'
    [ "$output" = "$REGISTRY/lab/one true" ]
    run "$BERTH" rmi "$REGISTRY/lab/one:1"
    [ "$status" -eq 125 ]
    [[ "$output" == *"read-only"* ]]
    "$BERTH" pull -q --tls-verify=false "$REGISTRY/lab/two:1"
    [ "$(ls -d "$STORE"/overlay/*[0-9a-f][0-9a-f] | wc -l)" -eq 1 ]
    [ "$(find "$STORE.2" | sort | sha256sum)" = "$before" ]
    printf '[containers]\npids_limit=0\ndefault_ulimits=["nofile=1024:1024","nproc=1024:1024"]\n' >"$BATS_TEST_TMPDIR/containers.conf"
    CONTAINERS_CONF=$BATS_TEST_TMPDIR/containers.conf run unshare -m sh -c 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' sh \
        podman --cgroup-manager cgroupfs run --rm --network none --cgroups=disabled "$REGISTRY/lab/two:1" -c 'cat /srv/two'
    echo "$output"
    [ "$output" = two ]
}

# writer N SECONDS: pulls and removes until the time is over; killed and begun again at random
writer() {
    local end=$((SECONDS + $2)) image
    while [ $SECONDS -lt $end ]; do
        image=$REGISTRY/lab/$(shuf -n1 -e one two three):1
        if [ $(($1 % 2)) -eq 0 ]; then
            case $((RANDOM % 3)) in
            0) timeout -s KILL "0.0$((RANDOM % 90 + 10))" "$BERTH" --root "$STORE" --runroot "$STORE-run" pull -q --tls-verify=false "$image" ;;
            1) timeout 60 "$BERTH" --root "$STORE" --runroot "$STORE-run" pull -q --tls-verify=false "$image" ;;
            2) timeout 60 "$BERTH" --root "$STORE" --runroot "$STORE-run" rmi "$image" ;;
            esac
        else
            case $((RANDOM % 2)) in
            0) timeout 60 podman --root "$STORE" --runroot "$STORE-run" --storage-driver overlay pull -q --tls-verify=false "$image" ;;
            1) timeout 60 podman --root "$STORE" --runroot "$STORE-run" --storage-driver overlay rmi "$image" ;;
            esac
        fi >/dev/null 2>>"$BATS_TEST_TMPDIR/errors.$1" || true
    done
}

@test "eight writers, berth and podman, with kills: nothing is damaged" {
    seconds=${BERTH_STRESS_SECONDS:-${BERTH_TEST_LONG:+60}}
    seconds=${seconds:-8}
    local writers=() # bats has children of its own: no bare wait
    for n in 0 1 2 3 4 5 6 7; do
        writer $n "$seconds" 3>&- &
        writers+=($!)
    done
    wait "${writers[@]}"
    cat "$BATS_TEST_TMPDIR"/errors.* | sort | uniq -c | sort -rn | head -20
    for name in one two three; do pull "$REGISTRY/lab/$name:1"; done
    run store_berth system fsck
    echo "$output"
    ! grep -v 'is not used' <<<"$output" | grep .
    [ "$(store_podman images -q | wc -l)" -eq 3 ]
    for name in one two three; do
        run run_podman run --rm --network none --cgroups=disabled "$REGISTRY/lab/$name:1" -c "cat /srv/$name"
        [ "$output" = $name ]
    done
}
