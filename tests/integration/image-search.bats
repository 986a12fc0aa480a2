# SPDX-License-Identifier: Apache-2.0
# search: a real registry's catalogue and tags, compared with podman; the search of Docker Hub's kind and pages.

bats_require_minimum_version 1.5.0
load image-lib.bash

setup_file() {
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    start_registry "$BATS_FILE_TMPDIR/registry"
    export REGISTRY REGISTRY_PID
    make_image "$BATS_FILE_TMPDIR/oci"
    for name in lab/alpha lab/beta other/alphabet; do
        push_image "$BATS_FILE_TMPDIR/oci" $name:1
        push_image "$BATS_FILE_TMPDIR/oci" $name:2
    done
}

teardown_file() {
    stop_registry
}

setup() {
    STORE=$(mktemp -d /var/tmp/berth-bats.XXXXXX)
    printf 'unqualified-search-registries = ["%s"]\n' "$REGISTRY" >"$BATS_TEST_TMPDIR/registries.conf"
    export CONTAINERS_REGISTRIES_CONF=$BATS_TEST_TMPDIR/registries.conf
    server=
}

teardown() {
    [ -z "$server" ] || { kill "$server"; wait "$server"; } 2>/dev/null || true
    rm -rf "$STORE" "$STORE-run" "$STORE-run5"
}

search() {
    store_berth search --tls-verify=false "$@"
}

@test "the catalogue by a part of the name, tables, json and templates" {
    run search "$REGISTRY/alpha"
    [ "$status" -eq 0 ]
    [[ ${lines[0]} =~ ^NAME\ +DESCRIPTION$ ]]
    [ "$(tail -n +2 <<<"$output" | awk '{print $1}')" = "$REGISTRY/lab/alpha
$REGISTRY/other/alphabet" ]
    [ "$(search --limit 1 --format '{{.Index}} {{.Name}}' "$REGISTRY/")" = "$REGISTRY $REGISTRY/lab/alpha" ]
    [ "$(search --format json alpha | jq -r '.[1].Name')" = "$REGISTRY/other/alphabet" ]
    [ -z "$(search "$REGISTRY/nothing")" ]
    run search --list-tags "$REGISTRY/lab/beta"
    [[ ${lines[0]} =~ ^NAME\ +TAG$ ]]
    [ "$(tail -n +2 <<<"$output" | awk '{print $2}' | sort | tr '\n' ' ')" = '1 2 ' ]
    [ "$(search --list-tags --format json "$REGISTRY/lab/beta" | jq -c '.[0]|[.Name,(.Tags|sort)]')" = "[\"$REGISTRY/lab/beta\",[\"1\",\"2\"]]" ]
    [ "$(search --list-tags --limit 1 --format '{{.Tag}}' "docker://$REGISTRY/lab/beta" | wc -l)" -eq 1 ]
}

@test "the same as podman 5 prints" {
    has_podman5 || skip "no Debian 13 root with podman 5 at $DEBIAN13"
    unset CONTAINERS_REGISTRIES_CONF # podman 5 does not see it in its root
    while read -r flags; do
        # shellcheck disable=SC2086
        run podman5 search --tls-verify=false $flags </dev/null
        theirs="$status $output"
        # shellcheck disable=SC2086
        run search $flags
        echo "$flags: $theirs; ours: $status $output"
        [ "$status $output" = "$theirs" ]
    done <<FLAGS
$REGISTRY/alpha
$REGISTRY/
--limit 1 $REGISTRY/
--format json $REGISTRY/alpha
--format table\t{{.Index}}\t{{.Name}} $REGISTRY/alpha
--compatible $REGISTRY/alpha
--filter stars=3 $REGISTRY/alpha
--filter foo=3 $REGISTRY/alpha
--list-tags $REGISTRY/lab/alpha
--list-tags --format json $REGISTRY/lab/alpha
--list-tags --filter is-official $REGISTRY/lab/alpha
$REGISTRY/nothing
FLAGS
}

@test "pull --all-tags pulls what the list of tags names" {
    run --separate-stderr store_berth pull -q -a --tls-verify=false "$REGISTRY/lab/alpha"
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 2 ]
    [ "$(store_berth images --format '{{.Tag}}' "$REGISTRY/lab/alpha" | sort | tr '\n' ' ')" = '1 2 ' ]
    run store_berth pull -q --all-tags --tls-verify=false beta # short: by unqualified-search-registries
    [ "$status" -eq 125 ]
    run store_berth pull -q --all-tags --tls-verify=false lab/beta
    [ "$status" -eq 0 ]
    run store_berth pull -a --tls-verify=false "$REGISTRY/lab/alpha:1"
    [ "$status" -eq 125 ]
    [[ $output == *"tag can't be used with --all-tags"* ]]
    run store_berth pull -a "oci:/tmp/x"
    [ "$status" -eq 125 ]
    [[ $output == *"--all-tags is for registries"* ]]
}

# at_terminal ANSWER REGISTRIES.CONF ARGUMENTS...: berth with a terminal, and a system's files of its own
at_terminal() {
    local answer=$1 conf=$2
    shift 2
    env -u CONTAINERS_REGISTRIES_CONF unshare -m sh -c 'set -e
        mkdir -p /var/cache/containers /etc/containers "$1/cache"
        mount --bind "$1/cache" /var/cache/containers
        [ -e /etc/containers/registries.conf ] || : >/etc/containers/registries.conf
        mount --bind "$2" /etc/containers/registries.conf
        echo "$3" | script -qec "$4" /dev/null' sh "$BATS_TEST_TMPDIR" "$conf" "$answer" \
        "$BERTH --root $STORE --runroot $STORE-run $*"
}

@test "a short name of several registries is asked about at a terminal, and the answer is kept" {
    [ "$(id -u)" = 0 ] || skip "needs root"
    conf=$BATS_TEST_TMPDIR/system.conf
    for mode in enforcing permissive; do
        printf 'unqualified-search-registries = ["127.0.0.1:1", "%s"]\nshort-name-mode = "%s"\n' "$REGISTRY" $mode >"$conf"
        run at_terminal 2 "$conf" pull -q --tls-verify=false lab/beta:1
        echo "$output"
        [ "$status" -eq 0 ]
        [[ $output == *"1) 127.0.0.1:1/lab/beta:1"* ]]
        [[ $output == *"2) $REGISTRY/lab/beta:1"* ]]
        [ "$(store_berth images --format '{{.Repository}}')" = "$REGISTRY/lab/beta" ]
        grep -qx "  \"lab/beta\" = \"$REGISTRY/lab/beta\"" "$BATS_TEST_TMPDIR/cache/short-name-aliases.conf"
        # another tag is not asked about again; podman reads the same file
        run at_terminal 9 "$conf" pull -q --tls-verify=false lab/beta:2
        [ "$status" -eq 0 ]
        [[ $output != *"select"* ]]
        # no answer, no image, no alias
        run at_terminal 9 "$conf" pull -q --tls-verify=false lab/alpha:1
        [ "$status" -eq 125 ]
        [[ $output == *"none of the images was selected"* ]]
        run ! grep -q alpha "$BATS_TEST_TMPDIR/cache/short-name-aliases.conf"
        rm -rf "${STORE:?}"/* "$BATS_TEST_TMPDIR/cache"/*
    done
}

@test "errors: nobody there, an unknown repository, a blocked registry, a limit that is none" {
    run search "127.0.0.1:1/x"
    [ "$status" -eq 125 ]
    [[ $output == *"couldn't search registry \"127.0.0.1:1\""* ]]
    run search --list-tags "$REGISTRY/lab/none"
    [ "$status" -eq 125 ]
    [[ $output == *"getting repository tags: "*"repository name not known to registry"* ]]
    run search --filter stars=many "$REGISTRY/alpha"
    [ "$output" = 'Error: incorrect value type for stars filter' ]
    run search --limit x "$REGISTRY/alpha"
    [ "$status" -eq 125 ]
    printf '[[registry]]\nlocation = "%s"\nblocked = true\n' "$REGISTRY" >"$CONTAINERS_REGISTRIES_CONF"
    run search "$REGISTRY/alpha"
    [ "$status" -eq 125 ]
    [[ $output == *"is blocked in registries.conf"* ]]
    # one of several registries that answers is enough, and the other is told of
    printf 'unqualified-search-registries = ["127.0.0.1:1", "%s"]\n' "$REGISTRY" >"$CONTAINERS_REGISTRIES_CONF"
    run --separate-stderr search --format '{{.Name}}' beta
    [ "$status" -eq 0 ]
    [ "$output" = "$REGISTRY/lab/beta" ]
    [[ $stderr == *'couldn'*'127.0.0.1:1'* ]]
}

# searcher SCRIPT: a server whose answers the script's get(path) gives: (status, object, link)
searcher() {
    cat >"$BATS_TEST_TMPDIR/server.py" <<SERVER
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlparse, parse_qs
$1
class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args): pass
    def do_GET(self):
        url = urlparse(self.path)
        status, body, link = get(url.path, parse_qs(url.query))
        body = json.dumps(body).encode()
        self.send_response(status)
        if link: self.send_header("Link", link)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
SERVER
    python3 "$BATS_TEST_TMPDIR/server.py" >"$BATS_TEST_TMPDIR/port" 2>&1 3>&- &
    server=$!
    for _ in $(seq 200); do [ -s "$BATS_TEST_TMPDIR/port" ] && break; sleep 0.05; done
    place=127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")
    [ "$place" != 127.0.0.1: ]
}

@test "a search of Docker Hub's kind: descriptions, stars, official" {
    searcher '
def get(path, query):
    if path == "/v2/": return 200, {}, None
    if path != "/v1/search": return 500, {}, None
    assert query["q"] == ["web server"] and int(query["n"][0]) > 0
    return 200, {"results": [
        {"name": "nginx", "description": "Official\nbuild \u001b[31m" + "x" * 60, "star_count": 900, "is_official": True, "is_automated": False},
        {"name": "me/web", "description": None, "star_count": 2, "is_official": False, "is_automated": True}]}, None'
    run search --compatible "$place/web server"
    [ "$status" -eq 0 ]
    [[ ${lines[0]} =~ ^NAME\ +DESCRIPTION\ +STARS\ +OFFICIAL\ +AUTOMATED ]]
    [[ ${lines[1]} == "$place/nginx"*'Official build '*'...'*900*'[OK]'* ]]
    [[ $output != *$'\033'* ]]
    [ "$(search --no-trunc --format '{{.Description}}' "$place/web server" | head -1 | wc -c)" -gt 70 ]
    [ "$(search --filter stars=3 --format '{{.Name}}' "$place/web server")" = "$place/nginx" ]
    [ "$(search --filter is-official=false --filter is-automated --format '{{.Name}}' "$place/web server")" = "$place/me/web" ]
}

@test "pages of a catalogue are followed on the same server only, and not for ever" {
    searcher '
def get(path, query):
    if path == "/v2/": return 200, {}, None
    if path == "/v2/_catalog":
        page = int(query.get("last", ["0"])[0])
        if page == 2: return 200, {"repositories": ["end"]}, "<http://127.0.0.1:1/v2/_catalog>; rel=\"next\""
        return 200, {"repositories": ["page%d" % page]}, "</v2/_catalog?last=%d>; rel=\"next\"" % (page + 1)
    if path == "/v2/loop/tags/list": return 200, {"tags": []}, "</v2/loop/tags/list>; rel=\"next\""
    if path == "/v2/odd/tags/list": return 200, {"tags": 7}, None
    return 404, {}, None'
    [ "$(search --format '{{.Name}}' "$place/" | tr '\n' ' ')" = "$place/page0 $place/page1 $place/end " ]
    run search --list-tags "$place/loop"
    [ "$status" -eq 125 ]
    [[ $output == *"more than 1000 pages"* ]]
    run search --list-tags "$place/odd"
    [ "$status" -eq 125 ]
    [[ $output == *'"tags" is not an array'* ]]
}
