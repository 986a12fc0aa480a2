# SPDX-License-Identifier: Apache-2.0
# policy.json with GPG and sigstore signatures, and their tampered twins. Signatures are made by
# skopeo, gpg and openssl.

bats_require_minimum_version 1.5.0
load image-lib.bash

setup_file() {
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR W=$BATS_FILE_TMPDIR
    start_registry "$W/registry"
    export REGISTRY REGISTRY_PID
    make_image "$W/oci"
    for name in gpg cosign unsigned; do
        umoci config --image "$W/oci:small" --tag $name --config.label "name=$name"
        push_image "$W/oci" lab/$name:1 $name
    done
    export GNUPGHOME=$W/gnupg BERTH_REGISTRIES_D=$W/registries.d
    mkdir -m 700 "$GNUPGHOME"
    mkdir "$BERTH_REGISTRIES_D"
    cat >"$BERTH_REGISTRIES_D/default.yaml" <<YAML
default-docker:
  lookaside: file://$W/lookaside
docker:
  $REGISTRY/lab/cosign:
    use-sigstore-attachments: true
YAML
    for who in good other; do
        gpg --batch --quiet --passphrase '' --quick-gen-key "$who@example.org" ed25519 sign never
        gpg --batch --quiet --export "$who@example.org" >"$W/$who.gpg"
    done
    gpg --batch --quiet --armor --export good@example.org >"$W/good.asc"
    # a key that has been expired for years, and a signature from when it was not
    gpg --batch --quiet --faked-system-time 20100101T000000 --passphrase '' \
        --quick-gen-key expired@example.org ed25519 sign 1d
    gpg --batch --quiet --export expired@example.org >"$W/expired.gpg"
    for key in key other rekor; do
        openssl ecparam -name prime256v1 -genkey -noout -out "$W/$key.pem"
        openssl pkey -in "$W/$key.pem" -pubout -out "$W/$key.pub"
    done
}

teardown_file() {
    stop_registry
    gpgconf --kill all 2>/dev/null || true
}

setup() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    STORE=$(mktemp -d /var/tmp/berth-bats.XXXXXX)
    rm -rf "$W/lookaside"
}

teardown() {
    rm -rf "$STORE" "$STORE-run"
}

digest_of() {
    skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/lab/$1:1" | sha256sum | cut -d' ' -f1
}

# gpg_payload REFERENCE DIGEST
gpg_payload() {
    printf '{"critical":{"identity":{"docker-reference":"%s"},"image":{"docker-manifest-digest":"sha256:%s"},"type":"atomic container signature"},"optional":{"creator":"test","timestamp":1}}' "$1" "$2"
}

# put_signature IMAGE FILE
put_signature() {
    local dir=$W/lookaside/lab/$1@sha256=$(digest_of "$1")
    mkdir -p "$dir"
    cp "$2" "$dir/signature-1"
}

policy() {
    printf '{"default":[{"type":"reject"}],"transports":{"docker":{"%s/lab":[%s]}}}' "$REGISTRY" "$1" >"$W/policy.json"
}

gpg_policy() {
    policy "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"$W/$1\"${2:+,$2}}"
}

pull() {
    run store_berth pull -q --tls-verify=false --signature-policy "$W/policy.json" "$REGISTRY/lab/$1:1"
    echo "$output"
}

refused() {
    [ "$status" -eq 125 ]
    [[ "$output" == *"$1"* ]]
    [ "$(grep -c '^Error:' <<<"$output")" -eq 1 ]
    [ -z "$(store_berth images -q)" ]
    [ ! -s "$STORE/overlay-layers/layers.json" ] || [ "$(cat "$STORE/overlay-layers/layers.json")" = '[]' ]
}

@test "a GPG-signed image is accepted, with a binary and with an armored key ring" {
    skopeo standalone-sign <(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/lab/gpg:1") \
        "$REGISTRY/lab/gpg:1" good@example.org -o "$W/sig" 2>/dev/null ||
        gpg_payload "$REGISTRY/lab/gpg:1" "$(digest_of gpg)" | gpg --batch --quiet --yes -u good@example.org --sign -o "$W/sig"
    put_signature gpg "$W/sig"
    for ring in good.gpg good.asc; do
        gpg_policy $ring
        pull gpg
        [ "$status" -eq 0 ]
        # the signature is kept with the image, where podman finds it, too
        cmp "$W/sig" "$STORE"/overlay-images/*/signatures
        store_berth rmi "$REGISTRY/lab/gpg:1"
    done
}

@test "what is wrong with a GPG signature is refused and named" {
    sign() { gpg_payload "$1" "$2" | gpg --batch --quiet --yes -u "$3" --sign -o "$W/sig"; put_signature gpg "$W/sig"; }
    digest=$(digest_of gpg)
    gpg_policy good.gpg
    pull gpg
    refused "no such signature"
    sign "$REGISTRY/lab/gpg:1" "$digest" other@example.org
    pull gpg
    refused "ERRSIG"
    sign "$REGISTRY/lab/gpg:1" "${digest//a/b}" good@example.org
    pull gpg
    refused "signed for digest"
    sign "$REGISTRY/lab/gpg:2" "$digest" good@example.org
    pull gpg
    refused "does not fit"
    sign "$REGISTRY/lab/gpg:1" "$digest" good@example.org
    size=$(stat -c %s "$W/sig")
    printf '\377' | dd of="$W/sig" bs=1 seek=$((size - 4)) conv=notrunc status=none
    put_signature gpg "$W/sig"
    pull gpg
    refused "signedBy"
    gpg_payload "$REGISTRY/lab/gpg:1" "$digest" | gpg --batch --quiet --yes --store -o "$W/sig"
    put_signature gpg "$W/sig"
    pull gpg
    refused "signedBy"
    gpg_payload "$REGISTRY/lab/gpg:1" "$digest" | gpg --batch --quiet --yes -u good@example.org --clear-sign -o "$W/sig"
    put_signature gpg "$W/sig"
    pull gpg
    refused "not a binary OpenPGP message"
    gpg_payload "$REGISTRY/lab/gpg:1" "$digest" |
        gpg --batch --quiet --yes --faked-system-time 20100101T000100 -u expired@example.org --sign -o "$W/sig"
    put_signature gpg "$W/sig"
    gpg_policy expired.gpg
    pull gpg
    refused "EXPKEYSIG"
    printf '{"critical":{"identity":{"docker-reference":"%s"},"image":{"docker-manifest-digest":"sha256:%s"},"type":"atomic container signature","more":1},"optional":{}}' \
        "$REGISTRY/lab/gpg:1" "$digest" | gpg --batch --quiet --yes -u good@example.org --sign -o "$W/sig"
    put_signature gpg "$W/sig"
    gpg_policy good.gpg
    pull gpg
    refused "unknown member"
}

@test "identities: matchRepository and remapIdentity" {
    gpg_payload "$REGISTRY/lab/gpg:2" "$(digest_of gpg)" | gpg --batch --quiet --yes -u good@example.org --sign -o "$W/sig"
    put_signature gpg "$W/sig"
    gpg_policy good.gpg '"signedIdentity":{"type":"matchRepository"}'
    pull gpg
    [ "$status" -eq 0 ]
    store_berth rmi "$REGISTRY/lab/gpg:1"
    gpg_payload "signed.example/x/gpg:1" "$(digest_of gpg)" | gpg --batch --quiet --yes -u good@example.org --sign -o "$W/sig"
    put_signature gpg "$W/sig"
    gpg_policy good.gpg "\"signedIdentity\":{\"type\":\"remapIdentity\",\"prefix\":\"$REGISTRY/lab\",\"signedPrefix\":\"signed.example/x\"}"
    pull gpg
    [ "$status" -eq 0 ]
}

# push_cosign [OPTIONS…]
push_cosign() {
    rm -rf "$W/sigoci"
    "$BATS_TEST_DIRNAME/sigstore-image.py" "$W/sigoci" "${KEY:-$W/key.pem}" "${REF:-$REGISTRY/lab/cosign}" "sha256:${DIGEST:-$(digest_of cosign)}" "$@"
    push_image "$W/sigoci" "lab/cosign:sha256-$(digest_of cosign).sig" sig
}

sigstore_policy() {
    policy "{\"type\":\"sigstoreSigned\",$1,\"signedIdentity\":{\"type\":\"matchRepository\"}}"
}

@test "a sigstore signature by a key, with and without a transparency log" {
    sigstore_policy "\"keyPath\":\"$W/key.pub\""
    pull cosign
    refused "no such signature"
    push_cosign
    pull cosign
    [ "$status" -eq 0 ]
    run store_berth image inspect --format '{{.Signers}}' "$REGISTRY/lab/cosign:1"
    [ "$output" = "[$W/key.pub]" ]
    run store_podman image inspect --format '{{.Id}}' "$REGISTRY/lab/cosign:1"
    [ "$status" -eq 0 ]
    store_berth rmi "$REGISTRY/lab/cosign:1"
    run store_berth image trust explain --tls-verify=false --signature-policy "$W/policy.json" "$REGISTRY/lab/cosign:1"
    [ "$status" -eq 0 ]
    [[ "$output" == *"Signer:  $W/key.pub"* ]]
    [[ "$output" == *"docker \"$REGISTRY/lab\""* ]]
    sigstore_policy "\"keyPath\":\"$W/key.pub\",\"rekorPublicKeyPath\":\"$W/rekor.pub\""
    pull cosign
    refused "no entry of a transparency log"
    push_cosign rekor="$W/rekor.pem"
    pull cosign
    [ "$status" -eq 0 ]
    store_berth rmi "$REGISTRY/lab/cosign:1"
    push_cosign rekor="$W/other.pem"
    pull cosign
    refused "not signed by a known log"
}

@test "what is wrong with a sigstore signature is refused and named" {
    sigstore_policy "\"keyPath\":\"$W/key.pub\""
    push_cosign tamper=payload
    pull cosign
    refused "no key of the policy"
    push_cosign tamper=signature
    pull cosign
    refused "no key of the policy"
    KEY=$W/other.pem push_cosign
    pull cosign
    refused "no key of the policy"
    DIGEST=$(digest_of unsigned) push_cosign
    pull cosign
    refused "signed for digest"
    REF=elsewhere.example/lab/cosign push_cosign
    pull cosign
    refused "does not fit"
}

@test "a certificate of a CA with issuer, address and log" {
    cd "$W"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem \
        -subj /CN=ca -days 30 -addext basicConstraints=critical,CA:TRUE 2>/dev/null
    cat >leaf.ext <<EXT
extendedKeyUsage=codeSigning
subjectAltName=critical,email:dev@example.org
1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:https://issuer.example
EXT
    openssl req -new -key key.pem -subj / -out leaf.csr 2>/dev/null
    openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -extfile leaf.ext -out leaf.pem 2>/dev/null
    fulcio() { sigstore_policy "\"fulcio\":{\"caPath\":\"$W/${3:-ca.pem}\",\"oidcIssuer\":\"$1\",\"subjectEmail\":\"$2\"},\"rekorPublicKeyPath\":\"$W/rekor.pub\""; }
    push_cosign cert=leaf.pem chain=ca.pem rekor=rekor.pem time="$(date +%s)"
    fulcio https://issuer.example dev@example.org
    pull cosign
    [ "$status" -eq 0 ]
    store_berth rmi "$REGISTRY/lab/cosign:1"
    fulcio https://issuer.example evil@example.org
    pull cosign
    refused "not for 'evil@example.org'"
    fulcio https://other.example dev@example.org
    pull cosign
    refused "not by issuer"
    push_cosign cert=leaf.pem chain=ca.pem rekor=rekor.pem time="$(date -d '+3 days' +%s)"
    fulcio https://issuer.example dev@example.org
    pull cosign
    refused "not of the configured CA"
    push_cosign cert=leaf.pem chain=ca.pem
    pull cosign
    refused "no entry of a transparency log"
}

# certify NAME EXTENSIONS [x509 options…]: a certificate for key.pem by the intermediate CA
certify() {
    local name=$1
    printf "$2" >"$name.ext"
    shift 2
    openssl req -new -key key.pem -subj / -out "$name.csr" 2>/dev/null
    openssl x509 -req -in "$name.csr" -CA between.pem -CAkey between.key -CAcreateserial -days 1 -extfile "$name.ext" -out "$name.pem" "$@" 2>/dev/null
}

# new_ca NAME
new_ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.pem" \
        -subj "/CN=$1" -days 30 -addext basicConstraints=critical,CA:TRUE 2>/dev/null
}

# A root, an intermediate CA, and certificates for key.pem.
make_pki() {
    cd "$W"
    new_ca root
    new_ca stranger
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout between.key -out between.csr -subj /CN=between 2>/dev/null
    openssl x509 -req -in between.csr -CA root.pem -CAkey root.key -CAcreateserial -days 10 \
        -extfile <(echo basicConstraints=critical,CA:TRUE) -out between.pem 2>/dev/null
    cat between.pem root.pem >chain.pem
    cat root.pem >only-root.pem
    signing='extendedKeyUsage=codeSigning\n'
    both='subjectAltName=email:dev@example.org,DNS:*.build.example\n'
    certify leaf "$signing$both"
    certify plain "$both"
    certify server "extendedKeyUsage=serverAuth\n$both"
    certify old "$signing$both" -days -1
}

@test "a certificate of a CA of one's own, without a log" {
    make_pki
    pki() { sigstore_policy "\"pki\":{$1}"; }
    good="\"caRootsPath\":\"$W/root.pem\",\"subjectEmail\":\"dev@example.org\""

    push_cosign cert=leaf.pem chain=chain.pem
    pki "$good,\"subjectHostname\":\"one.build.example\""
    pull cosign
    [ "$status" -eq 0 ]
    run store_berth image inspect --format '{{.Signers}}' "$REGISTRY/lab/cosign:1"
    [ "$output" = "[dev@example.org (CA $W/root.pem)]" ]
    store_berth rmi "$REGISTRY/lab/cosign:1"
    run store_berth image trust explain --tls-verify=false --signature-policy "$W/policy.json" "$REGISTRY/lab/cosign:1"
    [ "$status" -eq 0 ]
    [[ "$output" == *"sigstoreSigned: signed by dev@example.org (CA $W/root.pem)"*"Verdict: accepted"* ]]
    run store_berth image trust show --signature-policy "$W/policy.json"
    [[ "$output" == *"sigstoreSigned"*"$W/root.pem"* ]]
    # the roots may stand in the policy itself
    pki "\"caRootsData\":\"$(base64 -w0 root.pem)\",\"subjectHostname\":\"one.build.example\""
    pull cosign
    [ "$status" -eq 0 ]
    store_berth rmi "$REGISTRY/lab/cosign:1"

    # other subjects, another root
    pki "\"caRootsPath\":\"$W/root.pem\",\"subjectEmail\":\"evil@example.org\""
    pull cosign
    refused "not for 'evil@example.org'"
    pki "$good,\"subjectHostname\":\"build.example\""
    pull cosign
    refused "not for host 'build.example'"
    pki "\"caRootsPath\":\"$W/stranger.pem\",\"subjectEmail\":\"dev@example.org\""
    pull cosign
    refused "not of the configured CA"
    run store_berth image trust explain --tls-verify=false --signature-policy "$W/policy.json" "$REGISTRY/lab/cosign:1"
    [ "$status" -eq 1 ]
    [[ "$output" == *"sigstoreSigned: signature 1: the certificate is not of the configured CA: "*"Verdict: refused"* ]]
    # the root that came with the signature does not vouch for itself
    push_cosign cert=leaf.pem chain=stranger.pem
    pull cosign
    refused "not of the configured CA"

    # the one between may come from the policy, but must come from somewhere
    push_cosign cert=leaf.pem chain=only-root.pem
    pki "$good"
    pull cosign
    refused "unable to get local issuer certificate"
    pki "$good,\"caIntermediatesPath\":\"$W/between.pem\""
    pull cosign
    [ "$status" -eq 0 ]
    store_berth rmi "$REGISTRY/lab/cosign:1"
    pki "$good,\"caIntermediatesData\":\"$(base64 -w0 between.pem)\""
    pull cosign
    [ "$status" -eq 0 ]
    store_berth rmi "$REGISTRY/lab/cosign:1"

    # usages and times
    pki "$good"
    push_cosign cert=plain.pem chain=chain.pem
    pull cosign
    [ "$status" -eq 0 ]
    store_berth rmi "$REGISTRY/lab/cosign:1"
    push_cosign cert=server.pem chain=chain.pem
    pull cosign
    refused "not for signing code"
    push_cosign cert=old.pem chain=chain.pem
    pull cosign
    refused "certificate has expired"

    # what was signed
    push_cosign cert=leaf.pem chain=chain.pem tamper=payload
    pull cosign
    refused "the signature does not verify"
    KEY=$W/other.pem push_cosign cert=leaf.pem chain=chain.pem
    pull cosign
    refused "the signature does not verify"
    push_cosign
    pull cosign
    refused "no certificate"
}

@test "podman has the same verdicts on certificates of a CA" {
    has_podman5 || skip "no Debian 13 root with podman 5"
    make_pki
    mkdir -p "$STORE/home/.config/containers/registries.d"
    cp "$BERTH_REGISTRIES_D/default.yaml" "$STORE/home/.config/containers/registries.d/"
    roots="\"caRootsData\":\"$(base64 -w0 root.pem)\""
    # verdict CERT CHAIN PKI WANTED
    verdict() {
        push_cosign cert="$1" chain="$2"
        sigstore_policy "\"pki\":{$3}"
        cp "$W/policy.json" "$STORE/policy.json"
        HOME=/mnt/store/home run podman5 pull -q --tls-verify=false --signature-policy /mnt/store/policy.json "$REGISTRY/lab/cosign:1"
        echo "podman, $1 $2 $3: $output"
        [ "$((status != 0))" = "$4" ]
        [ "$4" != 0 ] || store_berth rmi "$REGISTRY/lab/cosign:1"
        pull cosign
        [ "$((status != 0))" = "$4" ]
        [ "$4" != 0 ] || store_berth rmi "$REGISTRY/lab/cosign:1"
    }
    verdict leaf.pem chain.pem "$roots,\"subjectEmail\":\"dev@example.org\"" 0
    verdict leaf.pem chain.pem "$roots,\"subjectHostname\":\"one.build.example\"" 0
    verdict leaf.pem chain.pem "$roots,\"subjectHostname\":\"two.one.build.example\"" 1
    verdict leaf.pem chain.pem "$roots,\"subjectEmail\":\"evil@example.org\"" 1
    verdict leaf.pem only-root.pem "$roots,\"subjectEmail\":\"dev@example.org\"" 1
    verdict leaf.pem only-root.pem "$roots,\"caIntermediatesData\":\"$(base64 -w0 between.pem)\",\"subjectEmail\":\"dev@example.org\"" 0
    verdict leaf.pem chain.pem "\"caRootsData\":\"$(base64 -w0 stranger.pem)\",\"subjectEmail\":\"dev@example.org\"" 1
    verdict plain.pem chain.pem "$roots,\"subjectEmail\":\"dev@example.org\"" 0
    verdict server.pem chain.pem "$roots,\"subjectEmail\":\"dev@example.org\"" 1
    verdict old.pem chain.pem "$roots,\"subjectEmail\":\"dev@example.org\"" 1
}

@test "a policy with half a CA is refused" {
    touch "$W/root.pem"
    for pki in "\"caRootsPath\":\"$W/root.pem\"|subjectEmail, subjectHostname or both" \
        '"subjectEmail":"a@b"|one of caRootsPath and caRootsData' \
        "\"caRootsPath\":\"$W/root.pem\",\"caRootsData\":\"AAAA\",\"subjectEmail\":\"a@b\"|more than one of" \
        "\"caRootsPath\":\"$W/root.pem\",\"subjectMail\":\"a@b\"|subjectMail"; do
        sigstore_policy "\"pki\":{${pki%|*}}"
        pull cosign
        refused "${pki##*|}"
    done
    sigstore_policy "\"pki\":{\"caRootsPath\":\"$W/root.pem\",\"subjectEmail\":\"a@b\"},\"rekorPublicKeyPath\":\"$W/rekor.pub\""
    pull cosign
    refused "exclude each other"
    sigstore_policy "\"keyPath\":\"$W/key.pub\",\"pki\":{\"caRootsPath\":\"$W/root.pem\",\"subjectEmail\":\"a@b\"}"
    pull cosign
    refused "exactly one of"
}

@test "reject, and a policy with a typing mistake" {
    policy '{"type":"reject"}'
    pull unsigned
    refused "reject: never accepted"
    run store_berth image trust explain --tls-verify=false --signature-policy "$W/policy.json" "$REGISTRY/lab/unsigned:1"
    [ "$status" -eq 1 ]
    [[ "$output" == *"Verdict: refused"* ]]
    policy '{"type":"signedBy","keyType":"GPGKeys","keyPaht":"/x"}'
    pull unsigned
    refused "keyPaht"
    printf '{"default":[{"type":"insecureAcceptAnything"}],"default":[{"type":"reject"}]}' >"$W/policy.json"
    pull unsigned
    refused "given twice"
}

@test "of an index the chosen instance must be signed" {
    mkdir -p "$W/index"
    size=$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/lab/unsigned:1" | wc -c)
    index=$(printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"platform":{"os":"linux","architecture":"amd64"}}]}' "$(digest_of unsigned)" "$size")
    curl -sf -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' --data-binary "$index" "http://$REGISTRY/v2/lab/unsigned/manifests/index"
    mkdir -p "$W/lookaside/lab/unsigned@sha256=$(printf %s "$index" | sha256sum | cut -d' ' -f1)"
    gpg_payload "$REGISTRY/lab/unsigned:index" "$(printf %s "$index" | sha256sum | cut -d' ' -f1)" |
        gpg --batch --quiet --yes -u good@example.org --sign -o "$W/lookaside/lab/unsigned@sha256=$(printf %s "$index" | sha256sum | cut -d' ' -f1)/signature-1"
    gpg_policy good.gpg
    run store_berth pull -q --tls-verify=false --signature-policy "$W/policy.json" "$REGISTRY/lab/unsigned:index"
    echo "$output"
    refused "no such signature"
}

@test "trust show prints the rules" {
    gpg_policy good.gpg
    run store_berth image trust show --signature-policy "$W/policy.json"
    [[ "$output" == *"reject"* ]]
    [[ "$output" == *"$REGISTRY/lab"*"signed"*"good.gpg"* ]]
}

@test "without any policy.json nothing comes in" {
    run unshare -m sh -c 'mount -t tmpfs none /etc/containers && mount -t tmpfs none /usr/share/containers &&
        HOME=/nonexistent exec "$@"' sh "$BERTH" --root "$STORE" --runroot "$STORE-run" \
        pull -q --tls-verify=false "$REGISTRY/lab/unsigned:1"
    [ "$status" = 125 ]
    [[ $output == *'no policy.json file found at any of the following: '*'/etc/containers/policy.json'* ]]
    [ -z "$(store_berth images -q)" ]
}
