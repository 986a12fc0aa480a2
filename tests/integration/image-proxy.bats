# SPDX-License-Identifier: Apache-2.0
# Pulls through a real proxy, in a network of their own: what is on the machine itself needs no proxy, so the
# registry has an address that is not loopback's.

bats_require_minimum_version 1.5.0
load image-lib.bash

in_net() {
    ip netns exec "$NET" "$@"
}

# wait_in_net PORT ADDRESS
wait_in_net() {
    local i
    for i in $(seq 200); do
        in_net bash -c "exec 3<>/dev/tcp/$2/$1" 2>/dev/null && return 0
        sleep 0.05
    done
    return 1
}

setup_file() {
    [ "$(id -u)" = 0 ] && command -v tinyproxy >/dev/null || return 0
    export W=$BATS_FILE_TMPDIR NET=berth-proxy-$$ BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    ip netns add "$NET"
    in_net ip link set lo up
    in_net ip addr add 192.0.2.77/32 dev lo
    python3 -W ignore -c 'import crypt; print("user:" + crypt.crypt("secret", crypt.mksalt(crypt.METHOD_BLOWFISH)))' >"$W/htpasswd"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$W/tls.key" -out "$W/ca.crt" \
        -subj /CN=registry -addext 'subjectAltName=IP:192.0.2.77' 2>/dev/null
    mkdir "$W/certs" && cp "$W/ca.crt" "$W/certs/"
    # one place, twice: plain and with TLS and a password
    printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s/data}}\nhttp: {addr: "192.0.2.77:5000"}\n' \
        "$W" >"$W/plain.yml"
    printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s/data}}\nhttp: {addr: "192.0.2.77:5443", tls: {certificate: %s/ca.crt, key: %s/tls.key}}\nauth: {htpasswd: {realm: test, path: %s/htpasswd}}\n' \
        "$W" "$W" "$W" "$W" >"$W/tls.yml"
    printf 'Port 8888\nListen 127.0.0.1\nTimeout 60\nLogFile "%s/proxy.log"\nLogLevel Connect\nBasicAuth me pass\nMaxClients 50\nConnectPort 5443\n' "$W" >"$W/tinyproxy.conf"
    in_net docker-registry serve "$W/plain.yml" >"$W/plain.log" 2>&1 3>&- &
    in_net docker-registry serve "$W/tls.yml" >"$W/tls.log" 2>&1 3>&- &
    touch "$W/proxy.log" && chmod 666 "$W/proxy.log"
    in_net tinyproxy -d -c "$W/tinyproxy.conf" >"$W/tinyproxy.out" 2>&1 3>&- &
    # what the proxy gets to see
    in_net socat -v TCP-LISTEN:8889,bind=127.0.0.1,fork,reuseaddr TCP:127.0.0.1:8888 >/dev/null 2>"$W/wire" 3>&- &
    wait_in_net 5000 192.0.2.77 && wait_in_net 5443 192.0.2.77 && wait_in_net 8888 127.0.0.1 && wait_in_net 8889 127.0.0.1
    make_image "$W/oci"
    in_net skopeo copy -q --dest-tls-verify=false "oci:$W/oci:small" docker://192.0.2.77:5000/lab/small:1 >/dev/null
}

teardown_file() {
    [ -n "${NET:-}" ] || return 0
    # all of it: $! is only the shell around in_net, and what is left holds bats up
    ip netns pids "$NET" | xargs -r kill 2>/dev/null || true
    ip netns del "$NET"
}

setup() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    command -v tinyproxy >/dev/null || skip "no tinyproxy"
    STORE=$(mktemp -d /var/tmp/berth-bats.XXXXXX)
    : >"$W/wire"
    : >"$W/proxy.log"
}

teardown() {
    rm -rf "$STORE" "$STORE-run"
}

# pull VARIABLES... -- ARGUMENTS...
pull() {
    local variables=()
    while [ "$1" != -- ]; do
        variables+=("$1")
        shift
    done
    shift
    in_net env "${variables[@]}" "$BERTH" --root "$STORE" --runroot "$STORE-run" pull -q "$@"
}

asked_proxy() {
    grep -q "192.0.2.77:$1" "$W/proxy.log"
}

@test "a plain registry through http_proxy in either case, with the proxy's own password" {
    pull http_proxy=http://me:pass@127.0.0.1:8888 -- --tls-verify=false 192.0.2.77:5000/lab/small:1
    asked_proxy 5000
    store_berth rmi 192.0.2.77:5000/lab/small:1
    : >"$W/proxy.log"
    pull HTTP_PROXY=http://me:pass@127.0.0.1:8888 -- --tls-verify=false 192.0.2.77:5000/lab/small:1
    asked_proxy 5000
}

@test "TLS goes through a tunnel, and the registry's password is not the proxy's to see" {
    pull https_proxy=http://me:pass@127.0.0.1:8889 -- --cert-dir "$W/certs" --creds user:secret 192.0.2.77:5443/lab/small:1
    asked_proxy 5443
    grep -aq "CONNECT 192.0.2.77:5443" "$W/wire"
    grep -aqi "^Proxy-Authorization: Basic $(printf me:pass | base64)" "$W/wire"
    run ! grep -aqi '^Authorization:' "$W/wire"
    run ! grep -aq "$(printf user:secret | base64)" "$W/wire"
}

@test "no_proxy is honoured: addresses, networks, everything" {
    for list in 192.0.2.77 192.0.2.0/24 example.org,192.0.2.77 '*'; do
        pull http_proxy=http://127.0.0.1:1 "no_proxy=$list" -- --tls-verify=false 192.0.2.77:5000/lab/small:1
        store_berth rmi 192.0.2.77:5000/lab/small:1
    done
    pull http_proxy=http://127.0.0.1:1 NO_PROXY=192.0.2.77 -- --tls-verify=false 192.0.2.77:5000/lab/small:1
    run ! asked_proxy 5000
}

@test "a registry on this machine is asked directly, as podman does" {
    in_net socat TCP-LISTEN:5001,bind=127.0.0.1,fork,reuseaddr TCP:192.0.2.77:5000 3>&- &
    relay=$!
    wait_in_net 5001 127.0.0.1
    run pull http_proxy=http://127.0.0.1:1 -- --tls-verify=false 127.0.0.1:5001/lab/small:1
    kill "$relay"
    [ "$status" -eq 0 ]
}

@test "a proxy that is not there, or wants another password, is an error that says so" {
    run pull http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 -- --tls-verify=false 192.0.2.77:5000/lab/small:1
    [ "$status" -eq 125 ]
    [[ $output == *"127.0.0.1 port 1"* ]]
    run pull http_proxy=http://me:wrong@127.0.0.1:8888 https_proxy=http://me:wrong@127.0.0.1:8888 -- --tls-verify=false 192.0.2.77:5000/lab/small:1
    [ "$status" -eq 125 ]
    [[ $output == *"401"* || $output == *"407"* ]]
    [[ $output != *wrong* ]]
    [ -z "$(store_berth images -q)" ]
}
