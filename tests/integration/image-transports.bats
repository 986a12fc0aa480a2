# SPDX-License-Identifier: Apache-2.0
# Images from and to archives and directories, with skopeo, podman and umoci on the other side.

bats_require_minimum_version 1.5.0
load image-lib.bash

setup_file() {
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    make_image "$BATS_FILE_TMPDIR/oci"
    cd "$BATS_FILE_TMPDIR"
    skopeo copy -q oci:oci:small oci-archive:small.oci.tar:docker.io/library/small:1
    skopeo copy -q oci:oci:small docker-archive:small.docker.tar:docker.io/library/small:1
    skopeo copy -q oci:oci:small dir:small.dir
}

setup() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    STORE=$(mktemp -d /var/tmp/berth-bats.XXXXXX)
    IN=$BATS_FILE_TMPDIR
}

teardown() {
    rm -rf "$STORE" "$STORE-run" "$STORE-run5" "$STORE.2" "$STORE.2-run"
}

size_of_chain() {
    store_berth image inspect --format '{{.RootFS.Layers}}' "$1"
}

@test "every transport brings the same layers" {
    for text in "oci:$IN/oci:small" "oci-archive:$IN/small.oci.tar" "docker-archive:$IN/small.docker.tar" "dir:$IN/small.dir"; do
        rm -rf "$STORE"/*
        run --separate-stderr store_berth pull -q "$text"
        echo "$text: $output $stderr"
        [ "$status" -eq 0 ]
        layers=$(size_of_chain "$output")
        [ "$layers" = "${first:=$layers}" ]
        [ -z "$(ls -A "$STORE/berth-staging")" ]
    done
}

@test "load reads what podman and skopeo save, from a file and from standard input" {
    run store_berth load -i "$IN/small.docker.tar"
    [ "$output" = "Loaded image: docker.io/library/small:1" ]
    run sh -c 'gzip -c "$1" | "$BERTH" --root "$2" --runroot "$2-run" load' sh "$IN/small.oci.tar" "$STORE"
    [ "$output" = "Loaded image: docker.io/library/small:1" ]
    run store_podman image inspect --format '{{.RepoTags}}' small:1
    [ "$output" = "[docker.io/library/small:1]" ]
    run store_berth load -i "$IN/nothing"
    [ "$status" -eq 125 ]
    [[ "$output" == *"$IN/nothing"* ]]
    printf 'no archive at all, but long enough to be looked at' >"$BATS_TEST_TMPDIR/junk"
    run store_berth load -i "$BATS_TEST_TMPDIR/junk"
    [ "$status" -eq 125 ]
    [[ "$output" == *junk* ]]
}

@test "load and import read xz and bzip2, and damage to either is named" {
    mkdir -p "$BATS_TEST_TMPDIR/root"
    echo hello >"$BATS_TEST_TMPDIR/root/file"
    tar -C "$BATS_TEST_TMPDIR/root" -cf "$BATS_TEST_TMPDIR/root.tar" file
    plain=$(store_berth import -q "$BATS_TEST_TMPDIR/root.tar" plain:1)
    layers=$(size_of_chain plain:1)
    for program in xz bzip2; do
        $program -c "$IN/small.docker.tar" >"$BATS_TEST_TMPDIR/packed"
        run store_berth load -i "$BATS_TEST_TMPDIR/packed"
        [ "$output" = "Loaded image: docker.io/library/small:1" ]
        run store_podman image inspect --format '{{.RepoTags}}' small:1
        [ "$output" = "[docker.io/library/small:1]" ]
        store_berth rmi small:1
        # two streams in a row are one, as tar and the pack programs see it
        { head -c 2000 "$BATS_TEST_TMPDIR/root.tar" | $program; tail -c +2001 "$BATS_TEST_TMPDIR/root.tar" | $program; } >"$BATS_TEST_TMPDIR/two"
        store_berth import -q "$BATS_TEST_TMPDIR/two" "$program:1"
        [ "$(size_of_chain "$program:1")" = "$layers" ]
        size=$(stat -c %s "$BATS_TEST_TMPDIR/packed")
        printf 'XXXXXXXX' | dd of="$BATS_TEST_TMPDIR/packed" bs=1 seek=$((size / 2)) conv=notrunc status=none
        run store_berth load -i "$BATS_TEST_TMPDIR/packed"
        [ "$status" -eq 125 ]
        [[ "$output" == *"the $program data are damaged"* ]]
        [ "$(grep -c '^Error:' <<<"$output")" -eq 1 ]
    done
}

@test "a layer packed with xz or bzip2 is unpacked, as podman does" {
    for program in xz bzip2; do
        mkdir -p "$BATS_TEST_TMPDIR/$program"
        skopeo copy -q "oci:$IN/oci:small" "dir:$BATS_TEST_TMPDIR/$program"
        python3 - "$BATS_TEST_TMPDIR/$program" $program <<'PYTHON'
import gzip, hashlib, json, subprocess, sys
folder, program = sys.argv[1:]
with open(folder + "/manifest.json") as text:
    manifest = json.load(text)
layer = manifest["layers"][0]
with open(folder + "/" + layer["digest"].split(":")[1], "rb") as old:
    packed = subprocess.run([program, "-c"], input=gzip.decompress(old.read()), check=True, stdout=subprocess.PIPE).stdout
name = hashlib.sha256(packed).hexdigest()
with open(folder + "/" + name, "wb") as new:
    new.write(packed)
layer.update(digest="sha256:" + name, size=len(packed))
with open(folder + "/manifest.json", "w") as text:
    json.dump(manifest, text)
PYTHON
        id=$(store_berth pull -q "dir:$BATS_TEST_TMPDIR/$program")
        ours=$(size_of_chain "$id")
        store_podman image inspect "$id" >/dev/null
        store_berth rmi "$id"
        id=$(store_podman pull -q "dir:$BATS_TEST_TMPDIR/$program")
        [ "$(size_of_chain "$id")" = "$ours" ]
        store_berth rmi "$id"
    done
}

@test "save writes what podman, skopeo and umoci load" {
    store_berth load -q -i "$IN/small.docker.tar"
    id=$(store_berth images -q --no-trunc)
    for format in docker-archive oci-archive; do
        store_berth save --format $format -o "$BATS_TEST_TMPDIR/$format.tar" small:1
        skopeo inspect --config --raw "$format:$BATS_TEST_TMPDIR/$format.tar" | grep -q diff_ids
        STORE=$STORE.2 store_podman load -q -i "$BATS_TEST_TMPDIR/$format.tar"
        [ "$(STORE=$STORE.2 store_podman images -q --no-trunc)" = "$id" ]
        rm -rf "$STORE.2"
    done
    mkdir "$BATS_TEST_TMPDIR/unpacked"
    tar -xf "$BATS_TEST_TMPDIR/oci-archive.tar" -C "$BATS_TEST_TMPDIR/unpacked"
    [ "$(umoci ls --layout "$BATS_TEST_TMPDIR/unpacked")" = docker.io/library/small:1 ]
}

@test "save writes directories that skopeo, umoci and podman read, and load brings them back" {
    store_berth load -q -i "$IN/small.docker.tar"
    id=$(store_berth images -q --no-trunc)
    out=/var/tmp/berth-bats-save-$$ # podman makes a name of the path, which has to be lower case
    store_berth save --format oci-dir -o "$out/oci" small:1
    store_berth save --format docker-dir -o "$out/dir" small:1
    [ "$(umoci ls --layout "$out/oci")" = docker.io/library/small:1 ]
    for text in "oci:$out/oci" "dir:$out/dir"; do
        skopeo copy -q "$text" "dir:$BATS_TEST_TMPDIR/copy" # checks the digests
        rm -rf "$BATS_TEST_TMPDIR/copy"
        STORE=$STORE.2 store_podman load -q -i "${text#*:}"
        [ "$(STORE=$STORE.2 store_podman images -q --no-trunc)" = "$id" ]
        rm -rf "$STORE.2"
        STORE=$STORE.2 store_berth load -q -i "${text#*:}"
        [ "$(STORE=$STORE.2 store_berth images -q --no-trunc)" = "$id" ]
        rm -rf "$STORE.2"
    done
    run store_berth save --format oci-dir -o "$out/oci" small:1
    [ "$status" -eq 125 ]
    [[ $output == *"the directory is not empty"* ]]
    run store_berth save --format oci-dir small:1
    [[ $output == *"--output"* ]]
    run store_berth save --compress -o "$BATS_TEST_TMPDIR/no.tar" small:1
    [[ $output == *"--compress can only be set when --format is 'docker-dir'"* ]]
    run store_berth save --format foo -o "$BATS_TEST_TMPDIR/no.tar" small:1
    [[ $output == *'unknown format "foo"'* ]]
    [ ! -e "$BATS_TEST_TMPDIR/no.tar" ]
    rm -rf "$out"
}

@test "without -m what follows the image are names to save it with" {
    store_berth load -q -i "$IN/small.docker.tar"
    store_berth save -o "$BATS_TEST_TMPDIR/named.tar" small:1 new:tag
    [ "$(tar -xOf "$BATS_TEST_TMPDIR/named.tar" manifest.json | jq -c '.[0].RepoTags')" = '["docker.io/library/small:1","localhost/new:tag"]' ]
    run "$BERTH" --root "$STORE.2" --runroot "$STORE.2-run" load -i "$BATS_TEST_TMPDIR/named.tar"
    [[ $output == *"Loaded image: localhost/new:tag"* ]]
    run store_berth save -m --format oci-archive -o "$BATS_TEST_TMPDIR/no.tar" small:1 new:tag
    [ "$status" -eq 125 ]
    [[ $output == *"only docker-archive can hold several images"* ]]
}

@test "several images in one archive share layers and come back" {
    umoci config --image "$IN/oci:small" --tag twin --config.label twin=yes
    store_berth pull -q "oci:$IN/oci:small"
    store_berth pull -q "oci:$IN/oci:twin"
    store_berth tag localhost/small:latest localhost/other:2
    store_berth save -m -o "$BATS_TEST_TMPDIR/both.tar" localhost/small localhost/twin localhost/other:2
    [ "$(tar -tf "$BATS_TEST_TMPDIR/both.tar" | sort | uniq -d | wc -l)" -eq 0 ]
    run "$BERTH" --root "$STORE.2" --runroot "$STORE.2-run" load -i "$BATS_TEST_TMPDIR/both.tar"
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 3 ]
}

@test "layers that podman wrote are saved byte by byte" {
    store_podman load -q -i "$IN/small.docker.tar"
    store_berth save -o "$BATS_TEST_TMPDIR/ours.tar" small:1
    STORE=$STORE.2 store_berth load -q -i "$BATS_TEST_TMPDIR/ours.tar"
    [ "$(STORE=$STORE.2 store_berth images -q)" = "$(store_berth images -q)" ]
}

@test "another store is a source" {
    store_podman load -q -i "$IN/small.docker.tar"
    STORE=$STORE.2 run --separate-stderr store_berth pull -q "containers-storage:[overlay@$STORE+$STORE-run]docker.io/library/small:1"
    [ "$status" -eq 0 ]
    [ "$output" = "$(store_berth images -q --no-trunc | cut -d: -f2)" ]
}

@test "import makes an image that podman runs" {
    mkdir -p "$BATS_TEST_TMPDIR/root/bin"
    cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/root/bin/"
    tar -C "$BATS_TEST_TMPDIR/root" -czf "$BATS_TEST_TMPDIR/root.tar.gz" bin
    run --separate-stderr store_berth import -c 'CMD ["/bin/busybox","echo","imported"]' -c 'ENV X=1' "$BATS_TEST_TMPDIR/root.tar.gz" mine:1
    [ "$status" -eq 0 ]
    [[ "$output" =~ ^sha256:[0-9a-f]{64}$ ]]
    run run_podman run --rm --network none --cgroups=disabled localhost/mine:1
    [ "$output" = imported ]
    store_berth import -q --os linux --arch arm --variant v7 -c 'ONBUILD RUN x' "$BATS_TEST_TMPDIR/root.tar.gz" other:1
    [ "$(store_podman image inspect localhost/other:1 | jq -r '.[0]|.Os + .Architecture')" = linuxarm ]
    store_berth save -o "$BATS_TEST_TMPDIR/arm.tar" localhost/other:1
    skopeo inspect --config "docker-archive:$BATS_TEST_TMPDIR/arm.tar" | jq -e '.variant == "v7"'
}

@test "tag, untag, history and tree" {
    store_berth load -q -i "$IN/small.docker.tar"
    store_berth tag small:1 mine other:2
    run store_berth images --sort repository --format '{{.Repository}}:{{.Tag}}'
    [ "$output" = "docker.io/library/small:1
localhost/mine:latest
localhost/other:2" ]
    store_berth untag small:1 other:2
    run store_berth rmi mine
    [ "$output" = "Untagged: localhost/mine:latest" ]
    theirs=$(store_podman history --no-trunc --format '{{.ID}} {{.Size}}' small:1)
    ours=$(store_berth history --no-trunc --format '{{.ID}} {{.Size}}' small:1)
    echo "$theirs"; echo "$ours"
    [ "$(wc -l <<<"$ours")" = "$(wc -l <<<"$theirs")" ]
    run store_berth image tree small:1
    [[ "$output" == *"Image ID"* ]]
    store_berth untag small:1
    run store_berth images --filter dangling=true -q
    [ "${#lines[@]}" -eq 1 ]
}

@test "tree shows what was built on an image, and diff what its last layer changed, as podman 5 does" {
    has_podman5 || skip "no Debian 13 root with podman 5"
    store_berth load -q -i "$IN/small.docker.tar"
    for pair in small:one one:two one:three three:four; do
        name=${pair#*:}
        mkdir -p "$BATS_TEST_TMPDIR/more/$name"
        umoci insert --image "$IN/oci:${pair%:*}" --tag $name "$BATS_TEST_TMPDIR/more" /more >/dev/null
        store_berth tag "$(store_berth pull -q "oci:$IN/oci:$name")" $name:1
    done
    shape() { sed -e 's/Size: *[0-9.]* *[kM]*B//' -e '/^Size/d' | grep .; }
    layers() { grep -o 'ID: .*' | shape | sort; } # podman nests by other rules
    for which in small:1 one:1 two:1 three:1; do
        [ "$(store_berth image tree $which | shape)" = "$(podman5 image tree $which | shape)" ]
        [ "$(store_berth image diff $which | sort)" = "$(podman5 image diff $which | sort)" ]
    done
    [ "$(store_berth image tree --whatrequires small:1 | layers)" = "$(podman5 image tree --whatrequires small:1 | layers)" ]
    run store_berth image tree --whatrequires small:1
    [ "$(grep -c 'Top Layer of: .*localhost' <<<"$output")" -eq 4 ]
    [ "$(grep '^        └── ' <<<"$output" | grep -c localhost/four:1)" -eq 1 ] || grep '^    │   └── ' <<<"$output" | grep localhost/four:1
    store_berth image diff --format json small:1 | jq -e '.deleted == ["/gone"]'
    run store_berth image diff small:1 one:1
    [ "$status" -eq 125 ]
    [[ "$output" == *"comparing two images is not supported"* ]]
}

@test "verbs and flags that stay out say so, and what to use instead" {
    for verb in push "image push" "image scp" "image sign"; do
        run store_berth $verb small:1
        [ "$status" -eq 125 ]
        [[ "$output" == "Error: \`berth ${verb/image push/push}\` is left out, use"* ]]
    done
    run store_berth image prune --external
    [ "$status" -eq 125 ]
    [[ "$output" == *"--external is not supported: "* ]]
}

@test "artifacts of files are those that podman makes, and podman reads them" {
    mkdir "$STORE/in"
    cd "$STORE/in"
    echo hello >text
    : >empty
    printf '\177ELF\000' >binary
    gzip -nc text >packed.gz
    printf '<html>\n' >page
    printf '  <?xml version="1.0"?>' >tree.xml
    run store_berth artifact add localhost/one:1 text
    [ "$status" -eq 0 ]
    one=$output
    many=$(store_berth artifact add --type application/x-y --annotation k=v=w --annotation a= localhost/many:1 text empty binary packed.gz page tree.xml)
    store_berth artifact inspect localhost/many:1 >"$BATS_TEST_TMPDIR/many"
    jq -e '.Manifest.artifactType == "application/x-y" and (.Manifest.layers | map(.annotations.k) | unique == ["v=w"])
        and (.Manifest.layers | map(.annotations."org.opencontainers.image.title")) == ["text","empty","binary","packed.gz","page","tree.xml"]' "$BATS_TEST_TMPDIR/many"
    mkdir "$BATS_TEST_TMPDIR/got"
    store_berth artifact extract localhost/many:1 "$BATS_TEST_TMPDIR/got"
    diff -r "$STORE/in" "$BATS_TEST_TMPDIR/got"

    # what is not right leaves nothing behind
    before=$(ls "$STORE/artifacts/blobs/sha256"; cat "$STORE/artifacts/index.json")
    echo other >"$BATS_TEST_TMPDIR/other"
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    for wrong in "localhost/one:1 $BATS_TEST_TMPDIR/other|artifact localhost/one:1 already exists" \
        "localhost/x:1 $BATS_TEST_TMPDIR/other $STORE|is not a file" \
        "localhost/x:1 $BATS_TEST_TMPDIR/fifo|is not a file" \
        "localhost/x:1 $BATS_TEST_TMPDIR/other /nonexistent|/nonexistent" \
        "--annotation novalue localhost/x:1 $BATS_TEST_TMPDIR/other|novalue" \
        "localhost/x:1|an argument is missing"; do
        run store_berth artifact add ${wrong%|*}
        [ "$status" -eq 125 ]
        [[ "$output" == *"${wrong#*|}"* ]]
    done
    [ "$(ls "$STORE/artifacts/blobs/sha256"; cat "$STORE/artifacts/index.json")" = "$before" ]

    has_podman5 || return 0
    podman5 artifact inspect localhost/many:1 | jq -S .Manifest | cmp - <(jq -S .Manifest "$BATS_TEST_TMPDIR/many")
    [ "$(podman5 artifact add localhost/theirs:1 /mnt/store/in/text)" = "$one" ]
    types() { jq -c '.Manifest.layers | map(.mediaType)'; }
    podman5 artifact add localhost/types:1 /mnt/store/in/{text,empty,binary,packed.gz,page,tree.xml}
    [ "$(podman5 artifact inspect localhost/types:1 | types)" = "$(types <"$BATS_TEST_TMPDIR/many")" ]
}

@test "artifacts: pull, ls, inspect, extract, rm" {
    start_registry "$BATS_TEST_TMPDIR/registry"
    printf 'model weights' >"$BATS_TEST_TMPDIR/blob"
    digest=$(sha256sum <"$BATS_TEST_TMPDIR/blob" | cut -d' ' -f1)
    put() { # put NAME FILE
        local location
        location=$(curl -sfi -X POST "http://$REGISTRY/v2/lab/model/blobs/uploads/" | tr -d '\r' | awk '/^Location:/ { print $2 }')
        curl -sf -X PUT -H "Content-Type: application/octet-stream" --data-binary @"$2" "$location&digest=sha256:$1"
    }
    put "$digest" "$BATS_TEST_TMPDIR/blob"
    printf '{}' >"$BATS_TEST_TMPDIR/empty"
    empty=$(sha256sum <"$BATS_TEST_TMPDIR/empty" | cut -d' ' -f1)
    put "$empty" "$BATS_TEST_TMPDIR/empty"
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/x-model","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:%s","size":2},"layers":[{"mediaType":"application/octet-stream","digest":"sha256:%s","size":13,"annotations":{"org.opencontainers.image.title":"weights.bin"}}]}' \
        "$empty" "$digest" >"$BATS_TEST_TMPDIR/manifest"
    curl -sf -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @"$BATS_TEST_TMPDIR/manifest" "http://$REGISTRY/v2/lab/model/manifests/1"
    run store_berth pull --tls-verify=false "$REGISTRY/lab/model:1"
    [ "$status" -eq 125 ]
    [[ "$output" == *"this is an artifact"* ]]
    run store_berth artifact pull --tls-verify=false "$REGISTRY/lab/model:1"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = "$(sha256sum <"$BATS_TEST_TMPDIR/manifest" | cut -d' ' -f1)" ]
    run store_berth artifact ls --format '{{.Repository}}:{{.Tag}} {{.Size}}'
    [ "$output" = "$REGISTRY/lab/model:1 13 B" ] || [ "$output" = "$REGISTRY/lab/model:1 13B" ]
    if has_podman5; then
        run podman5 artifact ls --noheading
        echo "$output"
        [[ "$output" == *"$REGISTRY/lab/model"* ]]
    fi
    store_berth artifact inspect "$REGISTRY/lab/model:1" | grep -q weights.bin
    mkdir "$BATS_TEST_TMPDIR/out"
    store_berth artifact extract "$REGISTRY/lab/model:1" "$BATS_TEST_TMPDIR/out"
    cmp "$BATS_TEST_TMPDIR/blob" "$BATS_TEST_TMPDIR/out/weights.bin"
    store_berth artifact rm "$REGISTRY/lab/model:1"
    [ -z "$(ls "$STORE/artifacts/blobs/sha256")" ]
    stop_registry
}
