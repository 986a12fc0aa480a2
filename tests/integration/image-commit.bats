# SPDX-License-Identifier: Apache-2.0
# commit: what Podman makes of the result, the flags, the errors. Containers run in the foreground on a
# store of the test's own.

bats_require_minimum_version 1.5.0
load image-lib.bash

setup_file() {
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    start_registry "$BATS_FILE_TMPDIR/registry"
    export REGISTRY REGISTRY_PID
    make_image "$BATS_FILE_TMPDIR/oci"
    skopeo copy -q "oci:$BATS_FILE_TMPDIR/oci:small" "docker-archive:$BATS_FILE_TMPDIR/small.tar:localhost/small:1"
}

teardown_file() {
    stop_registry
}

setup() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    STORE=$(mktemp -d /var/tmp/berth-bats.XXXXXX)
    store_berth load -q -i "$BATS_FILE_TMPDIR/small.tar" >/dev/null
}

teardown() {
    rm -rf "$STORE" "$STORE-run" "$STORE-run5" "$STORE.2" "$STORE.2-run"
}

# container NAME FLAGS... -- SCRIPT: one that ran it and ended
container() {
    local name=$1 flags=()
    shift
    while [ "$1" != -- ]; do
        flags+=("$1")
        shift
    done
    store_berth run --name "$name" --network none "${flags[@]}" small:1 -c "$2"
}

config() { # IMAGE FILTER
    store_berth image inspect "$1" | jq -c ".[0].Config$2"
}

changes='mkdir -p /opt/deep/er; echo f >/opt/deep/er/f; echo new >/etc/motd; rm -f /opt/hard1
    /bin/busybox mkdir /again; /bin/busybox ln -s /nowhere /again/link; /bin/busybox chown 1000:70000 /opt/deep
    /bin/busybox mkfifo /again/fifo; /bin/busybox ln /etc/motd /again/motd'
shows='ls -ln /opt /opt/deep/er /again; cat /etc/motd; [ ! -e /opt/hard1 ] && [ -e /opt/hard2 ] && [ /etc/motd -ef /again/motd ] && echo whole'

@test "inspect shows the newest container, and how much it wrote" {
    container first -- true
    container second -- '/bin/busybox dd if=/dev/zero of=/opt/new bs=1000 count=20 2>/dev/null'
    [ "$(store_berth inspect --latest --format '{{.Name}}')" = second ]
    [ "$(store_berth container inspect -l -f '{{.Name}}')" = second ]
    store_berth inspect --latest | jq -e '.[0] | has("SizeRw") | not'
    store_berth inspect --latest --size | jq -e '.[0] | .SizeRw >= 20000 and .SizeRw < 40000 and .SizeRootFs > .SizeRw'
    written=$(store_berth inspect --size --type container first | jq '.[0].SizeRw')
    [ "$written" -lt 20000 ]
    for wrong in "--latest first" "--latest --type image" ""; do
        run store_berth inspect $wrong
        [ "$status" -eq 125 ]
        [ "$(grep -c '^Error:' <<<"$output")" -eq 1 ]
    done
    store_berth rm first second
    run store_berth inspect --latest
    [ "$status" -eq 125 ]
    [[ "$output" == *"no containers found"* ]]
}

@test "podman lists, runs and pushes what commit made, and pulls the same back" {
    container one -- "$changes"
    id=$(store_berth commit -q one localhost/out:1)
    [[ $id =~ ^[0-9a-f]{64}$ ]]
    [ "$(store_podman images --no-trunc --format '{{.ID}}' localhost/out:1)" = "sha256:$id" ]
    run run_podman run --rm --network none --cgroups=disabled --entrypoint /bin/sh localhost/out:1 -c "$shows"
    [ "$status" -eq 0 ]
    [[ $output == *"1000     70000"*"deep"* ]]
    [ "${lines[-2]}" = new ]
    [ "${lines[-1]}" = whole ]
    theirs=$output
    run store_berth run --rm --network none --entrypoint /bin/sh localhost/out:1 -c "$shows"
    [ "$output" = "$theirs" ]
    # the registry's layers unpack to the same digests
    store_podman push -q --tls-verify=false localhost/out:1 "docker://$REGISTRY/lab/out:1"
    skopeo inspect --config --tls-verify=false "docker://$REGISTRY/lab/out:1" | jq -c .rootfs.diff_ids >"$BATS_TEST_TMPDIR/pushed"
    [ "$(store_berth image inspect localhost/out:1 | jq -c '.[0].RootFS.Layers')" = "$(cat "$BATS_TEST_TMPDIR/pushed")" ]
    [ "$(jq length "$BATS_TEST_TMPDIR/pushed")" -eq 4 ]
    store_berth system fsck
    # one layer more than the image it came from, which stays with it
    store_berth rm one
    store_berth rmi localhost/out:1
    [ "$(jq length "$STORE/overlay-layers/layers.json")" -eq 3 ]
}

@test "podman 5 runs and pushes it, and finds the store clean" {
    has_podman5 || skip "no Debian 13 root with podman 5 at $DEBIAN13"
    # umoci's archives have an entry for "/", which makes `system check` complain of any store
    STORE=$STORE.2 store_berth load -q -i "$BATS_FILE_TMPDIR/small.tar" >/dev/null
    STORE=$STORE.2 store_berth run --name base --network none small:1 -c true
    STORE=$STORE.2 store_berth commit -q --squash base localhost/small:1
    STORE=$STORE.2 store_berth save -q -o "$BATS_TEST_TMPDIR/flat.tar" localhost/small:1
    store_berth rmi -f small:1
    store_berth load -q -i "$BATS_TEST_TMPDIR/flat.tar"
    container one -- "$changes"
    store_berth commit -q one localhost/out:1
    store_berth commit -q --squash one localhost/flat:1
    store_berth rm one
    podman5 system check
    store_berth system fsck
    for name in out flat; do
        run podman5 run --rm --network none --entrypoint /bin/sh localhost/$name:1 -c "$shows"
        [ "$status" -eq 0 ]
        [ "${lines[-1]}" = whole ]
        podman5 push -q localhost/$name:1 "dir:/mnt/store/pushed-$name"
    done
    [ "$(jq '.layers | length' "$STORE/pushed-flat/manifest.json")" -eq 1 ]
    [ "$(podman5 history --format '{{.CreatedBy}} {{.Comment}}' localhost/out:1 2>/dev/null | head -1)" = "/bin/sh FROM localhost/small:1" ]
}

@test "a directory that was made anew hides all that was in it, also deeper" {
    store_berth run --name one --network none --entrypoint /bin/busybox small:1 sh -c \
        '/bin/busybox mkdir -p /d/sub/below; echo 1 >/d/sub/below/f; echo 2 >/d/sub/g'
    store_berth commit -q one localhost/deep:1
    store_berth run --name two --network none --entrypoint /bin/busybox localhost/deep:1 sh -c \
        '/bin/busybox rm -r /d; /bin/busybox mkdir -p /d/sub/below; echo 3 >/d/sub/h'
    run store_berth diff two
    [[ $output == *"D /d/sub/g"* ]]
    [[ $output == *"D /d/sub/below/f"* ]]
    store_berth commit -q two localhost/anew:1
    [ "$(store_berth run --rm --network none --entrypoint /bin/busybox localhost/anew:1 find /d -type f)" = /d/sub/h ]
    [ "$(run_podman run --rm --network none --cgroups=disabled --entrypoint /bin/busybox localhost/anew:1 find /d -type f)" = /d/sub/h ]
}

@test "the container's settings are the image's, without what each run gives anew" {
    http_proxy=http://me:secret@proxy.example:1 store_berth run --name one --network none -e B=2 -e HOME=/mine --expose 70 \
        -l l=1 --user 0:0 -w /opt -v /anonymous -v /tmp:/bound -h hello small:1 -c true
    store_berth commit -q one out:1
    [ "$(config localhost/out:1 .Env)" = '["A=1","B=2","HOME=/mine","PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]' ] ||
        [ "$(config localhost/out:1 '.Env | sort')" = '["A=1","B=2","HOME=/mine","PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]' ]
    [ "$(config localhost/out:1 '|[.Entrypoint,.Cmd,.User,.WorkingDir,.Volumes,.ExposedPorts]')" = \
        '[["/bin/sh"],["-c","true"],"0:0","/opt",{"/anonymous":{}},{"70/tcp":{}}]' ]
    [ "$(config localhost/out:1 '.Labels|[.l,.test]')" = '["1","yes"]' ]
    store_berth commit -q --include-volumes one out:2
    [ "$(config localhost/out:2 '.Volumes|keys')" = '["/anonymous","/bound"]' ]
    # an entry point of the container's own
    store_berth run --name two --network none --entrypoint /bin/echo small:1 one two
    store_berth commit -q two out:3
    [ "$(config localhost/out:3 '|[.Entrypoint,.Cmd]')" = '[["/bin/echo"],["one","two"]]' ]
}

@test "--change takes Containerfile instructions as Podman does" {
    container one -- true
    store_berth commit -q -f docker -m hello -a me -c 'CMD ["a","b"]' -c 'ENTRYPOINT ["/e"]' -c 'ENV X=1 Y="2 3"' -c 'ENV Z 3 4' \
        -c 'EXPOSE 80 81/udp' -c 'LABEL a=b c="d e"' -c 'ONBUILD RUN x' -c 'STOPSIGNAL 9' -c 'USER bob' \
        -c 'VOLUME ["/v1","/v2"]' -c 'VOLUME /v3 /v4' -c 'workdir rel' one dk:1
    [ "$(config localhost/dk:1 '|[.Entrypoint,.Cmd,.User,.WorkingDir,.StopSignal]')" = '[["/e"],["a","b"],"bob","/rel","9"]' ]
    [ "$(config localhost/dk:1 '.Env[-3:]')" = '["X=1","Y=2 3","Z=3 4"]' ]
    [ "$(config localhost/dk:1 '|[.Volumes,.ExposedPorts|keys]')" = '[["/v1","/v2","/v3","/v4"],["80/tcp","81/udp"]]' ]
    [ "$(config localhost/dk:1 '.Labels|[.a,.c]')" = '["b","d e"]' ]
    [ "$(store_podman image inspect localhost/dk:1 | jq -c '.[0]|[.Author,.Comment,.ManifestType]')" = \
        '["me","hello","application/vnd.docker.distribution.manifest.v2+json"]' ]
    [ "$(store_berth image inspect localhost/dk:1 | jq -c '.[0]|[.Author,.Comment,.Config.OnBuild]')" = '["me","hello",["RUN x"]]' ]
    # a new Cmd alone takes the entry point away, a new entry point the Cmd
    store_berth commit -q -c 'CMD echo hi' one one:1
    [ "$(config localhost/one:1 '|[.Entrypoint,.Cmd]')" = '[null,["/bin/sh","-c","echo hi"]]' ]
    store_berth commit -q -c 'ENTRYPOINT ["/e"]' one one:2
    [ "$(config localhost/one:2 '|[.Entrypoint,.Cmd]')" = '[["/e"],null]' ]
    # --config, with --change above it
    echo '{"Cmd":["zz"],"Labels":{"k":"v"},"Env":["Q=1"],"WorkingDir":"/c"}' >"$BATS_TEST_TMPDIR/config"
    store_berth commit -q --config "$BATS_TEST_TMPDIR/config" -c 'WORKDIR /d' --iidfile "$BATS_TEST_TMPDIR/iid" one one:3
    [ "$(config localhost/one:3 '|[.Cmd,.Labels.k,.Env[-1],.WorkingDir]')" = '[["zz"],"v","Q=1","/d"]' ]
    [ "sha256:$(cat "$BATS_TEST_TMPDIR/iid")" = "$(store_berth images --no-trunc -q localhost/one:3)" ]
    # without a name
    id=$(store_berth commit one)
    store_berth images --filter dangling=true -q --no-trunc | grep -qx "sha256:$id"
}

@test "what cannot be is refused in Podman's words and leaves nothing" {
    container one -- true
    says() { # MESSAGE OPERANDS...
        local message=$1
        shift
        run store_berth commit "$@"
        [ "$status" -eq 125 ]
        [[ $output == *"$message"* ]]
    }
    says 'messages are only compatible with the docker image format (-f docker)' -m hi one x
    says 'unrecognized image format "foo"' -f foo one x
    says 'did not understand change instruction "FOO a"' -c 'FOO a' one x
    says 'ENV must have two arguments' -c 'ENV a' one x
    says 'LABEL must have two arguments' -c 'LABEL a' one x
    says 'VOLUME requires at least one argument' -c VOLUME one x
    says 'USER requires exactly one argument' -c USER one x
    says 'no container with name or ID "nope" found: no such container' nope x
    says "repository name must be lowercase" one UPPER/x:1
    says '--config: ' --config /nonexistent one x
    echo '{"Env":7}' >"$BATS_TEST_TMPDIR/config"
    says 'member "Env" is not an array' --config "$BATS_TEST_TMPDIR/config" one x
    store_berth run --name two --network none --entrypoint /bin/busybox small:1 touch /opt/.wh.evil
    says 'mark what a layer takes away' two x
    mkdir -p "$BATS_TEST_TMPDIR/root/bin"
    cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/root/bin/"
    store_berth run --name three --network none --rootfs "$BATS_TEST_TMPDIR/root" /bin/busybox true
    says 'cannot commit a container that uses an exploded rootfs' three x
    [ "$(store_berth images -q | wc -l)" -eq 1 ]
    [ "$(jq length "$STORE/overlay-layers/layers.json")" -eq 3 ]
    store_berth system fsck
}
