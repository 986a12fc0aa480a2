# SPDX-License-Identifier: Apache-2.0
# Events are entries of the journal with Podman's fields: Podman, run beside, reads ours and we read its.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
    since=$(date +%s.%N)
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
    lab rm -f /tmp/events.conf /tmp/events.log /tmp/events.log.lock
}

# events FLAGS...: what happened in this test.
events() {
    lab berth events --stream=false --since "$since" "$@"
}

# saw STATUS FLAGS...: the journal takes entries up a moment after they were sent.
saw() {
    local status=$1
    shift
    [[ " $(events --format '{{.Status}}' "$@" | tr '\n' ' ')" == *" $status "* ]]
}

@test "a container's life is told in order, with its exit code" {
    id=$(lab berth run -d --name life --network none --label k=v $image sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done')
    lab berth pause life
    lab berth unpause life
    lab berth rename life lived
    lab berth exec lived sh -c 'exit 3' || true
    lab berth kill -s CONT lived
    lab berth rm -f lived
    until_true 5 saw remove --filter container="$id"
    run events --filter container="$id" --format '{{.Status}}'
    echo "$output"
    [ "$(echo $output)" = "create init start pause unpause rename exec exec_died kill died cleanup remove" ]
    [ "$(events --filter event=exec_died --format '{{.ContainerExitCode}}')" = 3 ]
    [ "$(events --filter event=start --filter event=died --filter container=${id:0:12} | wc -l)" = 2 ]
    [ "$(events --filter label=k=v --filter event=create --format '{{.Name}} {{.Image}} {{.Type}}')" = "life $image container" ]
    [[ $(events --filter event=create) == *" +0000 UTC container create $id (image=$image, name=life, k=v)" ]]
    [[ $(events --filter event=create --no-trunc=false) == *"container create ${id:0:12} (image="* ]]
    events --filter event=exec_died --format json | jq -e '.ContainerExitCode == 3 and .Attributes.k == "v" and .Status == "exec_died" and .timeNano > 0'
}

@test "commit is told of the container, as podman tells it" {
    id=$(lab berth run -d --name told --network none $image sleep 100)
    lab berth commit -q told localhost/told:1
    until_true 5 saw commit --filter container="$id"
    [ "$(events --filter event=commit --format '{{.Type}} {{.Name}} {{.Image}}')" = "container told $image" ]
    run lab podman events --stream=false --since "$since" --filter event=commit --format '{{.ID}} {{.Name}}'
    [[ $output == "$id told" ]]
    lab berth rm -f -t 0 told
    lab berth rmi localhost/told:1
}

@test "podman reads our events, and we read podman's" {
    lab berth run --rm --name ours --network none $image true
    lab podman volume create theirs > /dev/null
    lab podman volume rm theirs > /dev/null
    until_true 5 saw remove --filter volume=theirs
    run lab podman events --stream=false --since "$since" --filter container=ours --format '{{.Status}} {{.Name}} {{.Image}}'
    echo "$output"
    [[ $output == *"create ours $image"* ]]
    [[ $output == *"died ours $image"* ]]
    [[ $(events --filter type=volume) == *" volume create theirs"* ]]
}

@test "the service of a unit file tells how it ended" {
    printf '[Container]\nImage=%s\nNetwork=none\nContainerName=unit\nExec=sh -c "exit 7"\n' $image | quadlet case.container
    lab systemctl start case || true
    until_true 5 saw remove --filter container=unit
    [ "$(events --filter container=unit --filter event=died --format '{{.ContainerExitCode}}')" = 7 ]
    printf '[Container]\nImage=%s\nNetwork=none\nContainerName=unit\nExec=sleep 1000\n' $image | quadlet case.container
    lab systemctl start case
    lab systemctl stop case
    forget case
    [ "$(events --filter container=unit --filter event=died | wc -l)" = 2 ]
}

@test "images, volumes, networks and pods" {
    lab berth tag $image localhost/told:1
    lab berth untag $image localhost/told:1
    lab berth volume create told
    lab berth volume rm told
    lab berth network create told
    lab berth network rm told
    lab berth pod create --name told
    lab berth pod rm told
    until_true 5 saw remove --filter type=pod
    [ "$(echo $(events --filter type=image --format '{{.Status}} {{.Name}}'))" = "tag localhost/told:1 untag localhost/told:1" ]
    [ "$(echo $(events --filter volume=told --format '{{.Status}} {{.Type}}'))" = "create volume remove volume" ]
    [ "$(echo $(events --filter type=network --format '{{.Status}} {{.Network}}'))" = "create told remove told" ]
    [ "$(echo $(events --filter pod=told --format '{{.Status}}'))" = "create remove" ]
}

@test "the stream ends by --until and shows what happens meanwhile" {
    lab timeout 30 berth events --until "$(date -d '+4 seconds' +%s)" --filter volume=meanwhile --since 1s --format '{{.Status}}' > "$BATS_TEST_TMPDIR/stream" &
    lab berth volume create meanwhile
    lab berth volume rm meanwhile
    wait $!
    [ "$(echo $(cat "$BATS_TEST_TMPDIR/stream"))" = "create remove" ]
}

@test "other backends, and what makes no sense" {
    printf '[engine]\nevents_logger="file"\nevents_logfile_path="/tmp/events.log"\n' | lab sh -c 'cat > /tmp/events.conf'
    lab env CONTAINERS_CONF=/tmp/events.conf berth volume create filed
    lab env CONTAINERS_CONF=/tmp/events.conf berth volume rm filed
    [ "$(echo $(lab env CONTAINERS_CONF=/tmp/events.conf berth events --stream=false --format '{{.Status}} {{.Name}}'))" = "create filed remove filed" ]
    run lab berth --events-backend none events --stream=false
    [ "$status" = 125 ]
    [ "$output" = 'Error: cannot read events with the "none" backend' ]
    run lab berth --events-backend xx events --stream=false
    [[ $output == *'"xx" is not a valid events backend'* ]]
    run lab berth events --stream=false --filter network=x
    [ "$status" = 125 ]
    [[ $output == "Error: failed to parse event filters: network is an invalid filter" ]]
    run lab berth events --stream=false --since xx
    [[ $output == "Error: failed to parse event filters: unable to convert since time of xx: unable to interpret time value" ]]
    run lab berth events extra
    [ "$status" = 125 ]
}
