# SPDX-License-Identifier: Apache-2.0
# Images under containers: nobody removes them, and nothing stays behind when the containers go.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

pinned=localhost/pinned-test:1

setup() {
    need_systemd
    lab sh -ec "mkdir -p /tmp/pinned/bin && cp /bin/busybox /tmp/pinned/bin/busybox &&
        ln -sf busybox /tmp/pinned/bin/true && ln -sf busybox /tmp/pinned/bin/sleep &&
        tar -C /tmp/pinned -c . | berth import -q -c 'LABEL kept=test' -c 'CMD [\"/bin/sleep\",\"1000\"]' - $pinned"
    pinned_id=$(lab berth image inspect $pinned --format '{{.Id}}')
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    forget keeper
    lab sh -c "berth rm -f -t 0 --all; berth rmi -f $pinned" > /dev/null 2>&1 || true
}

# whether the image is kept for containers of ours, as the store's other users see it: 0 or 1
pins() {
    lab jq --arg id "${pinned_id#sha256:}" \
        '[.[] | select(.image == $id and (.names[0] | startswith("berth-uses-")))] | length' \
        /var/lib/containers/storage/overlay-containers/containers.json
}

@test "neither podman nor berth removes the image of a container" {
    id=$(lab berth create --network none $pinned true)
    run lab podman rmi $pinned
    [ "$status" -ne 0 ]
    [[ $output == *"in use"* ]]
    lab podman image prune -a -f --filter label=kept=test > /dev/null
    lab podman image exists $pinned
    run lab berth rmi $pinned
    [ "$status" = 2 ]
    [[ $output == *"image used by $id: image is in use by a container"* ]]
    lab berth start $id
    lab berth wait $id
    lab berth rm $id
    [ "$(pins)" = 0 ]
    lab podman rmi $pinned
    run lab berth image exists $pinned
    [ "$status" = 1 ]
}

@test "rmi -f takes the containers along" {
    id=$(lab berth run -d --network none $pinned)
    lab berth rmi -f $pinned
    [ -z "$(lab berth ps -aq)" ]
    [ "$(pins)" = 0 ]
    run lab systemctl is-active "berth-${id:0:12}.service"
    [ "$output" = inactive ]
}

@test "a service keeps its image while it is stopped, until somebody looks for unused ones" {
    quadlet keeper.container <<UNIT
[Container]
Image=$pinned
Network=none
UNIT
    lab systemctl start keeper
    lab systemctl stop keeper
    [ "$(pins)" = 1 ]
    run lab podman rmi $pinned
    [ "$status" -ne 0 ]
    lab berth system df > /dev/null
    [ "$(pins)" = 0 ]
    lab podman rmi $pinned
}

@test "a container that removes itself leaves nothing" {
    lab berth run --rm --network none $pinned true
    lab berth run -d --rm --network none $pinned true
    until_true 10 lab sh -c '[ -z "$(berth ps -aq)" ]'
    until_true 10 [ "$(pins)" = 0 ]
}
