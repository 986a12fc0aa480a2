# SPDX-License-Identifier: Apache-2.0
# Registries that want credentials, mirrors, and registries that misbehave.

bats_require_minimum_version 1.5.0
load image-lib.bash

setup_file() {
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR W=$BATS_FILE_TMPDIR
    make_image "$W/oci"
    "$BATS_TEST_DIRNAME/fake-registry.py" "$W/oci" small "$W/fake.log" >"$W/port" 3>&- &
    export FAKE_PID=$!
    for _ in $(seq 100); do [ -s "$W/port" ] && break; sleep 0.05; done
    export FAKE=127.0.0.1:$(cat "$W/port")
    python3 -W ignore -c 'import crypt; print("user:" + crypt.crypt("secret", crypt.mksalt(crypt.METHOD_BLOWFISH)))' >"$W/htpasswd"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$W/tls.key" -out "$W/tls.crt" \
        -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -days 30 2>/dev/null
    REGISTRY_TLS="tls: {certificate: $W/tls.crt, key: $W/tls.key}"
    REGISTRY_AUTH="auth: {htpasswd: {realm: test, path: $W/htpasswd}}"
    start_registry "$W/registry"
    export REGISTRY REGISTRY_PID
    skopeo copy -q --dest-creds user:secret --dest-tls-verify=false "oci:$W/oci:small" "docker://$REGISTRY/lab/small:1"
}

teardown_file() {
    stop_registry
    kill "$FAKE_PID"
}

setup() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    STORE=$(mktemp -d /var/tmp/berth-bats.XXXXXX)
    export REGISTRY_AUTH_FILE=$BATS_TEST_TMPDIR/auth.json BERTH_STALL_SEC=2
    : >"$W/fake.log"
}

teardown() {
    rm -rf "$STORE" "$STORE-run"
}

pull() {
    run store_berth pull -q --tls-verify=false "$@"
    echo "$output"
}

failed() {
    [ "$status" -eq 125 ]
    [[ "$output" == *"$1"* ]]
    [ "$(grep -c '^Error:' <<<"$output")" -eq 1 ]
    [ -z "$(store_berth images -q)" ]
    [ -z "$(ls -A "$STORE/berth-staging" 2>/dev/null)" ]
}

@test "login, pull over TLS with certs.d, logout" {
    mkdir -p "$BATS_TEST_TMPDIR/certs"
    cp "$W/tls.crt" "$BATS_TEST_TMPDIR/certs/ca.crt"
    run store_berth pull -q "$REGISTRY/lab/small:1"
    failed "certificate"
    run store_berth pull -q --cert-dir "$BATS_TEST_TMPDIR/certs" "$REGISTRY/lab/small:1"
    failed "access denied"
    run sh -c 'echo wrong | "$BERTH" login --cert-dir "$1" -u user --password-stdin "$REGISTRY"' sh "$BATS_TEST_TMPDIR/certs"
    [ "$status" -eq 125 ]
    [[ "$output" == *"invalid username/password"* ]]
    run sh -c 'echo secret | "$BERTH" login --cert-dir "$1" -u user --password-stdin "$REGISTRY"' sh "$BATS_TEST_TMPDIR/certs"
    [ "$output" = "Login Succeeded!" ]
    [ "$(stat -c %a "$REGISTRY_AUTH_FILE")" = 600 ]
    [ "$("$BERTH" login --get-login "$REGISTRY")" = user ]
    run --separate-stderr store_berth pull -q --cert-dir "$BATS_TEST_TMPDIR/certs" "$REGISTRY/lab/small:1"
    [ "$status" -eq 0 ]
    skopeo inspect --cert-dir "$BATS_TEST_TMPDIR/certs" "docker://$REGISTRY/lab/small:1" >/dev/null
    run "$BERTH" logout "$REGISTRY"
    [ "$output" = "Removed login credentials for $REGISTRY" ]
}

@test "login with a secret, and into a file of Docker's" {
    mkdir -p "$BATS_TEST_TMPDIR/certs"
    cp "$W/tls.crt" "$BATS_TEST_TMPDIR/certs/ca.crt"
    login() { run store_berth login --cert-dir "$BATS_TEST_TMPDIR/certs" "$@" "$REGISTRY"; }
    printf secret | store_berth secret create user - >/dev/null
    printf wrong | store_berth secret create bad - >/dev/null
    login --secret user # its name is the user's
    [ "$output" = "Login Succeeded!" ]
    [ "$(store_berth login --get-login "$REGISTRY")" = user ]
    store_berth logout "$REGISTRY"
    login -u user --secret bad
    [ "$status" -eq 125 ]
    login --secret none
    [ "$status" -eq 125 ]
    [[ "$output" == *"none"* ]]
    login --secret user -p x
    [ "$status" -eq 125 ]
    [[ "$output" == *"--secret can not be used with --password"* ]]
    [ "$(jq -r '.auths | length' "$REGISTRY_AUTH_FILE")" = 0 ]

    printf '{"credsStore":"","auths":{}}' >"$BATS_TEST_TMPDIR/config.json"
    run store_berth login --cert-dir "$BATS_TEST_TMPDIR/certs" --compat-auth-file "$BATS_TEST_TMPDIR/config.json" --secret user "$REGISTRY/lab"
    [ "$status" -eq 0 ]
    # Docker's files have hosts; the usual file is left alone
    jq -e --arg host "$REGISTRY" '.auths | keys == [$host]' "$BATS_TEST_TMPDIR/config.json"
    [ "$(jq -r '.auths | length' "$REGISTRY_AUTH_FILE")" = 0 ]
    DOCKER_CONFIG=$BATS_TEST_TMPDIR skopeo inspect --authfile "$BATS_TEST_TMPDIR/config.json" --tls-verify=false "docker://$REGISTRY/lab/small:1" >/dev/null
    login --authfile "$REGISTRY_AUTH_FILE" --compat-auth-file "$BATS_TEST_TMPDIR/config.json" --secret user
    [ "$status" -eq 125 ]
    [[ "$output" == *"can not be set simultaneously"* ]]
    store_berth logout --compat-auth-file "$BATS_TEST_TMPDIR/config.json" "$REGISTRY/lab"
    [ "$(jq -r '.auths | length' "$BATS_TEST_TMPDIR/config.json")" = 0 ]
}

@test "credentials on the command line and from a helper" {
    pull --creds user:secret "$REGISTRY/lab/small:1"
    [ "$status" -eq 0 ]
    store_berth rmi "$REGISTRY/lab/small:1"
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\ncat >/dev/null\necho %s\n' "'{\"ServerURL\":\"x\",\"Username\":\"user\",\"Secret\":\"secret\"}'" >"$BATS_TEST_TMPDIR/bin/docker-credential-test"
    chmod +x "$BATS_TEST_TMPDIR/bin/docker-credential-test"
    printf '{"credHelpers":{"%s":"test"}}' "$REGISTRY" >"$REGISTRY_AUTH_FILE"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH pull "$REGISTRY/lab/small:1"
    [ "$status" -eq 0 ]
}

@test "the token flow asks once and uses the token" {
    pull --creds user:wrong "$FAKE/token/x:1"
    failed "invalid username/password"
    pull --creds user:secret "$FAKE/token/x:1"
    [ "$status" -eq 0 ]
    grep -q "GET /token?account=user&service=fake&scope=repository%3Ax%3Apull auth=Basic" "$W/fake.log"
    [ "$(grep -c 'GET /token?.*auth=Basic' "$W/fake.log")" -eq 2 ] # one with the wrong password
}

@test "basic authentication" {
    pull --creds user:secret "$FAKE/basic/x:1"
    [ "$status" -eq 0 ]
}

@test "a redirect to another host gets no credentials" {
    pull --creds user:secret "$FAKE/redirect/x:1"
    [ "$status" -eq 0 ]
    [ "$(grep -c '/elsewhere/' "$W/fake.log")" -ge 4 ]
    ! grep '/elsewhere/' "$W/fake.log" | grep -v 'auth=None'
}

@test "a redirect in circles ends" {
    pull "$FAKE/loop/x:1"
    failed "redirects"
}

@test "a broken transfer goes on where it broke" {
    pull "$FAKE/break/x:1"
    [ "$status" -eq 0 ]
    grep 'range=bytes=[1-9]' "$W/fake.log"
}

@test "what came of a layer is kept for the next try, and checked then" {
    local part
    pull "$FAKE/half/one:1"
    failed "too slow"
    part=$(ls "$STORE/berth-partial")
    [[ $part == sha256-* ]]
    [ "$(stat -c %s "$STORE/berth-partial/$part")" -gt 50000 ]
    pull "$FAKE/half/one:1"
    [ "$status" -eq 0 ]
    grep -Eq 'range=bytes=[0-9]{5,}-' "$W/fake.log"
    [ -z "$(ls "$STORE/berth-partial")" ]
    store_berth system fsck

    store_berth rmi -a
    pull "$FAKE/half/two:1"
    failed "too slow"
    printf 'damaged' | dd of="$STORE/berth-partial/$part" bs=1 seek=100 conv=notrunc 2>/dev/null
    pull "$FAKE/half/two:1"
    [ "$status" -eq 0 ]
    [ -z "$(ls "$STORE/berth-partial")" ]
    store_berth system fsck
}

@test "a transfer that always breaks ends in one error that names the layer" {
    pull "$FAKE/short/x:1"
    failed "layer 'sha256:"
}

@test "servers that hang or drip are given up on" {
    for how in hang drip; do
        start=$SECONDS
        pull "$FAKE/$how/x:1"
        failed "sends nothing or too little"
        [[ "$output" == *"blob 'sha256:"* ]]
        [ $((SECONDS - start)) -lt 15 ]
    done
}

@test "429 with Retry-After is obeyed" {
    pull "$FAKE/busy/x:1"
    [ "$status" -eq 0 ]
}

@test "hostile manifests" {
    pull "$FAKE/huge/x:1"
    failed "larger than 4194304 bytes"
    pull "$FAKE/confused/x:1"
    failed "members of a manifest and of an index"
    pull "$FAKE/schema1/x:1"
    failed "schema 1"
    pull "$FAKE/deep/x:1"
    failed "deep"
    pull "$FAKE/double/x:1"
    failed "given twice"
    pull "$FAKE/lie/x:1"
    failed "more than the 100 bytes"
}

@test "mirrors come first, a broken one is passed over, and the name stays" {
    cat >"$BATS_TEST_TMPDIR/registries.conf" <<CONF
unqualified-search-registries = ["reg.example"]
[[registry]]
prefix = "reg.example/team"
location = "127.0.0.1:1/nowhere"
[[registry.mirror]]
location = "127.0.0.1:1/broken"
insecure = true
[[registry.mirror]]
location = "$FAKE/ok"
insecure = true
[[registry]]
location = "blocked.example"
blocked = true
[aliases]
"app" = "reg.example/team/app"
CONF
    export CONTAINERS_REGISTRIES_CONF=$BATS_TEST_TMPDIR/registries.conf
    run store_berth pull -q reg.example/team/app:1
    [ "$status" -eq 0 ]
    [ "$(store_berth images --format '{{.Repository}}:{{.Tag}}')" = reg.example/team/app:1 ]
    store_berth rmi reg.example/team/app:1
    run store_berth pull -q app:2
    [ "$status" -eq 0 ]
    [ "$(store_berth images --format '{{.Repository}}:{{.Tag}}')" = reg.example/team/app:2 ]
    store_berth rmi app:2
    run store_berth pull -q blocked.example/x
    failed "blocked"
}

@test "under systemd: STATUS, and more time only while bytes arrive" {
    python3 - "$BATS_TEST_TMPDIR/notify" >"$BATS_TEST_TMPDIR/messages" 3>&- <<'PY' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(12)
try:
    while True:
        print(s.recv(4096).decode().replace("\n", " "), flush=True)
except TimeoutError:
    pass
PY
    listener=$!
    for _ in $(seq 50); do [ -S "$BATS_TEST_TMPDIR/notify" ] && break; sleep 0.05; done
    export BERTH_STALL_SEC=4 NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify
    pull "$FAKE/drip/x:1"
    [ "$status" -eq 125 ]
    pull "$FAKE/hang/x:1"
    kill $listener
    cat "$BATS_TEST_TMPDIR/messages"
    grep -E '^STATUS=Pulling [0-9]+/3 layers, [0-9]+/[0-9]+ MiB EXTEND_TIMEOUT_USEC=[0-9]+$' "$BATS_TEST_TMPDIR/messages"
    # the last second of a server that hangs is not an extension
    tail -1 "$BATS_TEST_TMPDIR/messages" | grep -vq EXTEND
}
