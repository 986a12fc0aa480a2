#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a clone to a running service: installs what the build needs (Debian's packages only), builds, boots
# a private systemd, drops web.container into /etc/containers/systemd and starts it.
#
#   sh data/quickstart.sh           in a private systemd; nothing of the host changes
#   sh data/quickstart.sh --keep    leaves that systemd running and prints how to enter it
#   sh data/quickstart.sh --host    installs on this host, where systemd is PID 1
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
mode=private keep=
for argument; do
    case $argument in
        --keep) keep=1 ;;
        --host) mode=host ;;
        *) sed -n '3,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
done

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
fail() {
    echo "quickstart: $*" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || fail "root is missing: run this as root"
say "Packages for the build"
sh "$top/data/build-packages.sh" --install build demo

lab=$top/data/private-systemd.sh
name=quickstart
work=$(mktemp -d /var/tmp/berth-quickstart.XXXXXX)
if [ $mode = host ]; then
    [ "$(cat /proc/1/comm)" = systemd ] || fail "--host needs systemd as PID 1; without it leave --host out"
    inside() { "$@"; }
else
    sh "$lab" check || exit 1
    inside() { sh "$lab" exec $name "$@"; }
fi

finish() {
    status=$?
    trap - EXIT
    [ $mode = private ] && [ -z "$keep" ] && sh "$lab" stop $name
    [ -n "$keep" ] && [ $status = 0 ] && [ $mode = private ] || rm -rf "$work"
    exit $status
}
trap finish EXIT

say "Build"
[ -e "$work/build/build.ninja" ] || meson setup -Dtests=false "$work/build" "$top" >"$work/meson.log" ||
    { cat "$work/meson.log"; fail "meson setup failed"; }
ninja -C "$work/build" >"$work/ninja.log" || { tail -30 "$work/ninja.log"; fail "the build failed"; }
tail -1 "$work/ninja.log"

if [ $mode = host ]; then
    meson install -C "$work/build" --no-rebuild >/dev/null
    systemctl daemon-reload
    systemctl enable --now berth-relay.socket
else
    say "A private systemd"
    DESTDIR=$work/stage meson install -C "$work/build" --no-rebuild >/dev/null
    sh "$lab" start $name -s "$work/stage" -b "$work:$work"
    inside systemctl --version | head -1
fi

say "An image from Debian's busybox, in a registry on loopback"
sh "$top/data/demo-image.sh" "$work/oci"
cat > "$work/registry.yml" <<R
version: 0.1
storage:
  filesystem:
    rootdirectory: $work/registry
http:
  addr: 127.0.0.1:5055
R
inside systemd-run -q --unit=demo-registry --collect docker-registry serve "$work/registry.yml"
for _ in $(seq 100); do
    inside curl -fs http://127.0.0.1:5055/v2/ >/dev/null && break
    sleep 0.1
done
inside skopeo copy -q --dest-tls-verify=false "oci:$work/oci:web" docker://127.0.0.1:5055/demo/web:1
inside mkdir -p /etc/containers/registries.conf.d /etc/containers/systemd
inside sh -c 'printf "[[registry]]\nlocation = \"127.0.0.1:5055\"\ninsecure = true\n" > /etc/containers/registries.conf.d/demo.conf'

say "web.container"
inside sh -c 'cat > /etc/containers/systemd/web.container' < "$top/data/web.container"
inside cat /etc/containers/systemd/web.container
inside systemctl daemon-reload
inside systemctl start web
page=$(inside curl -fsS http://127.0.0.1:8080/)
say "The page, fetched from the container"
echo "$page"
case $page in
    *"Hello from berth"*) ;;
    *) fail "the page is not the one in the image" ;;
esac
say "systemctl status web"
inside systemctl --no-pager --full status web
say "journalctl -u web"
sleep 0.3
inside journalctl --no-pager -u web
inside journalctl --no-pager -u web | grep -q 'serving on port 8080' || fail "the container's line is not in the journal"
say "berth ps"
inside berth ps
inside berth ps --format '{{.Names}} {{.State}}' | grep -q 'systemd-web running' || fail "berth ps does not show the container"

if [ -n "$keep" ]; then
    say "Left running"
    [ $mode = private ] && echo "enter: sh $lab exec $name bash    stop: sh $lab stop $name; rm -r $work"
else
    inside systemctl stop web
    [ "$(inside systemctl show -P ActiveState web)" = inactive ] || fail "web did not stop cleanly"
    inside rm -f /etc/containers/systemd/web.container /etc/containers/registries.conf.d/demo.conf
    inside systemctl stop demo-registry
    inside systemctl daemon-reload
fi
echo
echo "quickstart: web.container was pulled from a registry, started, served a page, logged and listed$([ -n "$keep" ] || echo ', and stopped')"
