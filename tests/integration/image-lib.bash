# SPDX-License-Identifier: Apache-2.0
# For the image-*.bats files: a registry on loopback, images made by umoci and skopeo, podman.

# A port that nobody listens on now.
free_port() {
    python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'
}

# wait_for_port PORT
wait_for_port() {
    local i
    for i in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
        sleep 0.05
    done
    return 1
}

# start_registry DIR: docker-registry with its data in DIR; sets REGISTRY and REGISTRY_PID.
start_registry() {
    local dir=$1 port
    port=$(free_port)
    mkdir -p "$dir/data"
    cat >"$dir/config.yml" <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $dir/data}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"${REGISTRY_TLS:+, $REGISTRY_TLS}}
${REGISTRY_AUTH:-}
CONFIG
    docker-registry serve "$dir/config.yml" >"$dir/log" 2>&1 3>&- &
    REGISTRY_PID=$!
    REGISTRY=127.0.0.1:$port
    wait_for_port "$port"
}

stop_registry() {
    [ -z "${REGISTRY_PID:-}" ] || { kill "$REGISTRY_PID" && wait "$REGISTRY_PID"; } 2>/dev/null || true
    REGISTRY_PID=
}

# make_image DIR: an OCI directory DIR:small with two layers: busybox, and one with whiteouts, hard
# links, attributes and odd names.
make_image() {
    local dir=$1 work
    work=$(mktemp -d "${BATS_TEST_TMPDIR:-/var/tmp}/make.XXXXXX")
    umoci init --layout "$dir" >/dev/null
    umoci new --image "$dir:small" >/dev/null
    mkdir -p "$work/a/bin" "$work/a/etc" "$work/a/gone/inner" "$work/a/tmp" "$work/a/dev" "$work/a/proc" "$work/a/sys" "$work/a/run"
    cp "$(command -v busybox)" "$work/a/bin/busybox"
    for name in sh cat ls id echo true sleep; do ln -s busybox "$work/a/bin/$name"; done
    echo 'root:x:0:0:root:/:/bin/sh' >"$work/a/etc/passwd"
    echo "hello" >"$work/a/etc/motd"
    echo "gone" >"$work/a/gone/file"
    chmod 1777 "$work/a/tmp"
    umoci insert --image "$dir:small" "$work/a" / >/dev/null
    mkdir -p "$work/b"
    ln -s ../etc/motd "$work/b/link"
    printf 'x' >"$work/b/hard1"
    ln "$work/b/hard1" "$work/b/hard2"
    printf 'data' >"$work/b/$(printf 'n\303\244me with \342\202\254')"
    chmod 4755 "$work/b/hard1"
    touch -d '2001-02-03 04:05:06 UTC' "$work/b"
    umoci insert --image "$dir:small" "$work/b" /opt >/dev/null
    umoci insert --image "$dir:small" --whiteout /gone >/dev/null
    umoci config --image "$dir:small" --config.entrypoint /bin/sh --config.cmd -c \
        --config.cmd 'cat /etc/motd' --config.label test=yes --config.env A=1 >/dev/null
    rm -rf "$work"
}

# push_image DIR NAME: copies DIR:small into the registry.
push_image() {
    skopeo copy --quiet --dest-tls-verify=false "oci:$1:${3:-small}" "docker://$REGISTRY/$2" >/dev/null
}

# berth on the test's own store
store_berth() {
    "$BERTH" --root "$STORE" --runroot "$STORE-run" "$@"
}

# podman on the same store, without a container's need for cgroups
store_podman() {
    podman --root "$STORE" --runroot "$STORE-run" --storage-driver overlay --cgroup-manager cgroupfs "$@"
}

# run_podman ARGS…: podman that may run containers: it wants a pure cgroup2 and limits it may set.
run_podman() {
    printf '[containers]\npids_limit=0\ndefault_ulimits=["nofile=1024:1024","nproc=1024:1024"]\n' \
        >"$BATS_TEST_TMPDIR/containers.conf"
    CONTAINERS_CONF=$BATS_TEST_TMPDIR/containers.conf unshare -m sh -c \
        'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' sh \
        podman --root "$STORE" --runroot "$STORE-run" --storage-driver overlay \
        --cgroup-manager cgroupfs "$@"
}

# A Debian 13 root with podman 5.4, where the machine has one.
DEBIAN13=${BERTH_DEBIAN13:-/var/tmp/berth-lab/debian13}

has_podman5() {
    [ "$(id -u)" = 0 ] && [ -x "$DEBIAN13/usr/bin/podman" ]
}

# podman5 ARGS…: podman 5.4 on the test's store, in a chroot of its own mount namespace.
podman5() {
    mkdir -p "$STORE-run5"
    unshare -m sh -c '
        set -e
        root=$1 store=$2
        shift 2
        mount --bind "$root" "$root"
        mount -t tmpfs tmpfs "$root/run"
        mount -t tmpfs tmpfs "$root/mnt"
        mkdir "$root/mnt/store"
        mount --rbind /proc "$root/proc"
        mount --rbind /sys "$root/sys"
        mount --rbind /dev "$root/dev"
        mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
        mount --bind "$store" "$root/mnt/store"
        printf "[containers]\npids_limit=0\ndefault_ulimits=[\"nofile=1024:1024\",\"nproc=1024:1024\"]\n" >"$root/mnt/containers.conf"
        CONTAINERS_CONF=/mnt/containers.conf exec chroot "$root" podman --root /mnt/store \
            --runroot /run/store --storage-driver overlay --cgroup-manager cgroupfs "$@"' \
        sh "$DEBIAN13" "$STORE" "$@"
}
