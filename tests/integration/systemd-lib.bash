# SPDX-License-Identifier: Apache-2.0
# For tests that need a real systemd as PID 1. The suite boots one (data/private-systemd.sh) with the built
# berth installed in it and names it in $BERTH_SYSTEMD; without one the tests skip and say why.

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

# lab CMD...: as root inside; the exit status is CMD's.
lab() {
    sh "$top/data/private-systemd.sh" exec "$BERTH_SYSTEMD" "$@"
}

need_systemd() {
    [ -n "${BERTH_SYSTEMD:-}" ] || skip "no private systemd: run tests/run.sh, or set BERTH_SYSTEMD"
}

# quadlet NAME.EXT: drops standard input as a unit file and reloads.
quadlet() {
    lab mkdir -p /etc/containers/systemd
    lab sh -c "cat > /etc/containers/systemd/$1"
    lab systemctl daemon-reload
}

# forget NAME...: stops the services of NAME.container and removes the files.
forget() {
    local name
    for name; do
        lab systemctl stop "$name" 2>/dev/null || true
        lab systemctl reset-failed "$name" 2>/dev/null || true
        lab rm -f "/etc/containers/systemd/$name.container"
    done
    lab systemctl daemon-reload
}

# property UNIT NAME
property() {
    lab systemctl show -P "$2" "$1"
}

# until_true SECONDS CMD...: polls; what a service does takes the time it takes, but not for ever.
until_true() {
    local tries=$(($1 * 20))
    shift
    while ! "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}

# The image that the suite put into the private systemd's store, made by umoci and pulled by podman.
image=localhost/berth-test:1
