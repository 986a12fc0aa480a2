# SPDX-License-Identifier: Apache-2.0
# docker-daemon: and archives, with Docker's own daemon on the other side.

bats_require_minimum_version 1.5.0
load image-lib.bash

setup_file() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    command -v dockerd >/dev/null || skip "no dockerd (Debian's docker.io)"
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR DOCKER=$(mktemp -d /var/tmp/berth-docker.XXXXXX)
    export DOCKER_HOST=unix://$DOCKER/socket
    # Namespaces of its own, so that it changes nothing here; vfs needs nothing of the file system.
    unshare -m -n sh -c 'mount -t tmpfs tmpfs /run && exec dockerd --iptables=false --ip6tables=false \
        --bridge=none --host "$2" --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" \
        --storage-driver vfs' sh "$DOCKER" "$DOCKER_HOST" >"$DOCKER/log" 2>&1 3>&- &
    export DOCKER_PID=$!
    for _ in $(seq 300); do
        docker version >/dev/null 2>&1 && break
        kill -0 $DOCKER_PID 2>/dev/null || skip "dockerd does not run here: $(tail -1 "$DOCKER/log")"
        sleep 0.1
    done
    make_image "$BATS_FILE_TMPDIR/oci"
    skopeo copy -q "oci:$BATS_FILE_TMPDIR/oci:small" "docker-archive:$BATS_FILE_TMPDIR/small.tar:docker.io/library/small:1"
    docker load -q -i "$BATS_FILE_TMPDIR/small.tar"
}

teardown_file() {
    [ -z "${DOCKER_PID:-}" ] || { kill "$DOCKER_PID" && wait "$DOCKER_PID"; } 2>/dev/null || true
    [ -z "${DOCKER:-}" ] || rm -rf --one-file-system "$DOCKER"
}

setup() {
    STORE=$(mktemp -d /var/tmp/berth-bats.XXXXXX)
}

teardown() {
    rm -rf "$STORE" "$STORE-run"
}

@test "docker-daemon: brings an image of Docker's as podman does" {
    run --separate-stderr store_berth pull -q docker-daemon:small:1
    echo "$output $stderr"
    [ "$status" -eq 0 ]
    id=$output
    names=$(store_berth image inspect --format '{{.RepoTags}}' "$id")
    layers=$(store_berth image inspect --format '{{.RootFS.Layers}}' "$id")
    [ "sha256:$id" = "$(docker image inspect --format '{{.Id}}' small:1)" ]
    [ "$layers" = "$(docker image inspect --format '{{.RootFS.Layers}}' small:1)" ]
    store_berth rmi "$id"
    # podman looks at one place only
    podman_id=$(unshare -m sh -c 'mount -t tmpfs tmpfs /run && ln -s "$1/socket" /run/docker.sock &&
        exec podman --root "$2" --runroot "$2-run" --storage-driver overlay pull -q docker-daemon:small:1' sh "$DOCKER" "$STORE")
    [ "$podman_id" = "$id" ]
    [ "$(store_podman image inspect --format '{{.RepoTags}}' "$id")" = "$names" ]
}

@test "what Docker does not have, and a daemon that is not there, are named" {
    run store_berth pull -q docker-daemon:nothing:1
    [ "$status" -eq 125 ]
    [[ "$output" == *"Docker has no image 'nothing:1'"* ]]
    [ "$(grep -c '^Error:' <<<"$output")" -eq 1 ]
    DOCKER_HOST=unix:///nonexistent/socket run store_berth pull -q docker-daemon:small:1
    [ "$status" -eq 125 ]
    [[ "$output" == *"small:1"* ]]
    [ "$(grep -c '^Error:' <<<"$output")" -eq 1 ]
    [ -z "$(store_berth images -q)" ]
}

@test "an image that Docker made of a container's files comes over" {
    mkdir -p "$BATS_TEST_TMPDIR/root/bin"
    cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/root/bin/"
    tar -C "$BATS_TEST_TMPDIR/root" -c bin | docker import -c 'CMD ["/bin/busybox","echo","from docker"]' - made:1 >/dev/null
    id=$(store_berth pull -q docker-daemon:made:1)
    run run_podman run --rm --network none --cgroups=disabled "$id"
    [ "$output" = "from docker" ]
}

@test "Docker loads what berth saves, and the archive Docker saves is loaded" {
    store_berth load -q -i "$BATS_FILE_TMPDIR/small.tar"
    store_berth tag small:1 docker.io/library/ours:2
    store_berth save -o "$BATS_TEST_TMPDIR/ours.tar" docker.io/library/ours:2
    run docker load -i "$BATS_TEST_TMPDIR/ours.tar"
    [[ "$output" == *"Loaded image: ours:2"* ]]
    [ "$(docker image inspect --format '{{.RootFS.Layers}}' ours:2)" = "$(store_berth image inspect --format '{{.RootFS.Layers}}' ours:2)" ]
    docker save -o "$BATS_TEST_TMPDIR/two.tar" small:1 ours:2
    store_berth rmi -f small:1 ours:2
    run store_berth load -i "$BATS_TEST_TMPDIR/two.tar"
    [[ "$output" == *"docker.io/library/small:1"* ]]
    [[ "$output" == *"docker.io/library/ours:2"* ]]
}
