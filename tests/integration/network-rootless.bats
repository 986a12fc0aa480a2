# SPDX-License-Identifier: Apache-2.0
# The network of an unprivileged user's containers: pasta.

bats_require_minimum_version 1.5.0
load systemd-lib.bash
load user-lib.bash
load network-lib.bash

user=berth-netuser

setup_file() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    make_user 400000
}

teardown_file() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    drop_user
}

setup() {
    need_systemd
    lab sh -c 'command -v pasta' > /dev/null || skip "pasta is not installed"
    lab test -c /dev/net/tun || skip "this machine has no /dev/net/tun"
    drop_outside
    make_outside
    lab chmod 666 /dev/net/tun # as udev does, which does not run here
    lab ip route add default via 192.0.2.2 # pasta copies the interface of the default route
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    as berth rm -f -t 0 --all > /dev/null 2>&1 || true
    lab systemctl stop world 2> /dev/null || true
    drop_outside
}

no_pasta() {
    until_true 10 sh -c "! sh '$top/data/private-systemd.sh' exec '$BERTH_SYSTEMD' pgrep -u $user '^passt|^pasta' > /dev/null"
}

@test "nothing said: pasta, with the host's address, and a way out" {
    lab systemd-run -q --unit=world -p NetworkNamespacePath=/run/netns/outside "$BERTH_TEST_WORK/probe" who 8090 world
    until_true 10 outside sh -c 'ss -ltn | grep -q 8090'
    run as berth run --rm --name out -v "$BERTH_TEST_WORK/probe:/probe:ro" $image sh -c \
        'ip -4 addr; cat /etc/hosts /etc/resolv.conf; wget -qO- http://192.0.2.2:8090/; /probe ask 192.0.2.2 8090'
    echo "$output"
    [ "$status" = 0 ]
    [[ $output == *"inet 192.0.2.1/24"* ]]
    [[ $output == *$'192.0.2.1\t'*" out"* ]]
    [[ $output == *"nameserver 169.254.1.1"* ]]
    [ "$(grep -c '^world 192.0.2.1$' <<< "$output")" = 2 ]
    no_pasta
}

@test "published ports, in the foreground's place and as a service; a taken one is refused" {
    as berth run -d --name web -p 8085:8080 -v "$BERTH_TEST_WORK/probe:/probe:ro" $image /probe who 8080 web ||
        { lab journalctl -n 30 --no-pager; false; }
    [ "$(fetch_outside http://192.0.2.1:8085/)" = "web 192.0.2.2" ] # the client's address is real
    as berth ps | grep -q '0.0.0.0:8085->8080/tcp'
    run as berth run --rm -p 8085:80 $image true
    [ "$status" = 126 ]
    [[ $output == *"8085: bind: address already in use"* ]]
    as berth stop -t 0 web
    no_pasta
    as berth start web
    [ "$(fetch_outside http://192.0.2.1:8085/)" = "web 192.0.2.2" ]
}

@test "what a user cannot have says so: slirp4netns; root has no pasta" {
    for mode in slirp4netns; do
        run as berth run --rm --network $mode $image true
        [ "$status" = 125 ]
        [[ $output == *"not supported, use --network=pasta"* ]]
    done
    run lab berth run --rm --network pasta $image true
    [ "$status" = 125 ]
    [[ $output == *"pasta networking is only supported for rootless mode"* ]]
}
