# SPDX-License-Identifier: Apache-2.0
# Volumes: the verbs, what a container finds in one, Podman's volumes, and .volume units.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

volumes=/var/lib/containers/storage/volumes

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    forget user
    lab sh -c 'systemctl stop "data-volume.service"; rm -f /etc/containers/systemd/data.volume; systemctl daemon-reload' 2> /dev/null || true
    lab sh -c 'berth rm -f -t 0 --all; berth volume rm --all --force; podman volume rm --all -f' > /dev/null 2>&1 || true
}

@test "create, ls, inspect, exists and rm, in Podman's words" {
    [ "$(lab berth volume create --label a=b --opt o=uid=5,gid=6 v1)" = v1 ]
    [[ $(lab berth volume create) =~ ^[0-9a-f]{64}$ ]]
    run lab berth volume create v1
    [ "$status" = 125 ]
    [ "$output" = "Error: volume with name v1 already exists: volume already exists" ]
    [ "$(lab berth volume create --ignore v1)" = v1 ]
    run lab berth volume create bad/name
    [[ $output == *"names must match"* ]]
    run lab berth volume create --opt foo=bar x
    [ "$output" = "Error: invalid mount option foo for driver 'local': invalid argument" ]
    run lab berth volume create --driver foo x
    [[ $output == *"no volume plugin with name foo available"* ]]
    run lab berth volume ls --filter name=v1
    [ "${lines[0]}" = "DRIVER      VOLUME NAME" ]
    [ "${lines[1]}" = "local       v1" ]
    run lab berth volume inspect v1 --format '{{.Driver}} {{.Mountpoint}} {{.Labels}} {{.Options}} {{.UID}} {{.GID}}'
    [ "$output" = "local $volumes/v1/_data map[a:b] map[GID:6 UID:5 o:uid=5,gid=6] 5 6" ]
    [ "$(lab stat -c %u:%g $volumes/v1/_data)" = 5:6 ]
    lab berth volume exists v1
    run lab berth volume exists v2
    [ "$status" = 1 ]
    run lab berth volume rm v2
    [ "$status" = 1 ]
    [ "$output" = 'Error: no volume with name "v2" found: no such volume' ]
    run lab berth volume inspect v2
    [ "$status" = 125 ]
    [[ $output == *'Error: no such volume v2' ]]
    lab berth volume rm v1
    run lab berth volume ls --filter label=a
    [ -z "$output" ]
}

@test "a volume in use stays, or goes with its containers" {
    lab berth volume create busy > /dev/null
    id=$(lab berth create --network none -v busy:/d $image true)
    run lab berth volume rm busy
    [ "$status" = 2 ]
    [ "$output" = "Error: volume busy is being used by the following container(s): $id: volume is being used" ]
    lab berth volume create idle > /dev/null
    [ "$(lab berth volume ls -q --filter dangling=true)" = idle ]
    lab podman volume create theirs > /dev/null
    [ "$(lab berth volume prune -f)" = idle ]
    lab podman volume exists theirs
    lab berth volume rm -f busy
    [ -z "$(lab berth ps -aq)" ]
}

@test "the first container fills a new volume from its image, whoever made it" {
    lab berth volume create fresh > /dev/null
    [ "$(lab berth run --rm --network none -v fresh:/etc $image sh -c 'ls /etc | grep -c passwd')" = 1 ]
    lab sh -c "rm $volumes/fresh/_data/passwd"
    [ "$(lab berth run --rm --network none -v fresh:/x $image sh -c 'ls /x | grep -c passwd || true')" = 0 ]
    lab berth volume create --opt nocopy= bare > /dev/null
    [ -z "$(lab berth run --rm --network none -v bare:/etc:nocopy $image ls /etc | grep passwd)" ]
}

@test "anonymous volumes go with their container" {
    lab berth create --name anon --network none -v /data $image true > /dev/null
    [ "$(lab berth volume ls -q | wc -l)" = 1 ]
    [ "$(lab berth volume inspect --all --format '{{.Anonymous}}')" = true ]
    lab berth rm -v anon
    [ -z "$(lab berth volume ls -q)" ]
}

@test "type=, device= and o= are mounted for the container alone" {
    lab berth volume create --opt type=tmpfs --opt device=tmpfs --opt o=size=2M,nodev mem > /dev/null
    run lab berth run --rm --network none -v mem:/m $image grep ' /m ' /proc/mounts
    [[ $output == "tmpfs /m tmpfs rw,"*"size=2048k"* ]]
    lab sh -c 'mkdir -p /tmp/bound && echo here > /tmp/bound/file'
    lab berth volume create --opt type=none --opt o=bind --opt device=/tmp/bound bound > /dev/null
    [ "$(lab berth run --rm --network none -v bound:/b $image cat /b/file)" = here ]
    run lab sh -c 'mount | grep -c /tmp/bound'
    [ "$output" = 0 ]
}

@test "Podman uses what berth made, and berth what Podman made" {
    lab podman volume create --label p=q theirs > /dev/null
    lab sh -c "echo podman > $volumes/theirs/_data/file"
    [ "$(lab berth run --rm --network none -v theirs:/v $image cat /v/file)" = podman ]
    [ "$(lab berth volume inspect theirs --format '{{.Name}}')" = theirs ]
    lab berth run --rm --network none -v ours:/v $image sh -c 'echo berth > /v/file'
    lab podman volume create ours > /dev/null || true
    [ "$(lab cat "$(lab podman volume inspect ours --format '{{.Mountpoint}}')/file")" = berth ]
}

@test "a .volume unit makes its volume with labels and owner, and leaves it" {
    lab mkdir -p /etc/containers/systemd
    lab sh -c 'cat > /etc/containers/systemd/data.volume' <<UNIT
[Volume]
Label=one=1 "two=2 3"
User=7
Group=8
UNIT
    quadlet user.container <<UNIT
[Container]
Image=$image
Network=none
Volume=data.volume:/data
Exec=sleep 1000
UNIT
    lab systemctl start user
    run lab berth volume inspect systemd-data --format '{{.Labels}}'
    [ "$output" = "map[one:1 two:2 3]" ]
    [ "$(lab stat -c %u:%g $volumes/systemd-data/_data)" = 7:8 ]
    [ "$(property data-volume.service ActiveState)" = active ]
    lab systemctl stop user data-volume
    lab berth volume exists systemd-data
}

@test "export and import keep owners, modes, links and attributes, and lead nowhere else" {
    lab berth volume create one > /dev/null
    lab berth volume create two > /dev/null
    lab sh -c "cd $volumes/one/_data && mkdir -p d/e && echo text > d/file && chown 7:8 d/file && chmod 4711 d/file &&
        ln d/file d/again && ln -s /etc/passwd out && mkfifo pipe && echo x > .wh.name &&
        touch -d @1000000000 d/file && setfattr -n user.a -v b d/file; truncate -s 1M sparse"
    lab berth volume export one -o /tmp/one.tar
    # GNU tar reads it, Podman's tar is read
    [ "$(lab tar tvf /tmp/one.tar 2> /dev/null | grep -c '^-rws--x--x 7/8 .* 2001-09-09 .* d/')" = 1 ]
    lab sh -c 'gzip < /tmp/one.tar | berth volume import two -'
    [ "$(lab stat -c '%u:%g %a %h %Y' $volumes/two/_data/d/file)" = "7:8 4711 2 1000000000" ]
    [ "$(lab getfattr --only-values -n user.a $volumes/two/_data/d/again)" = b ]
    [ "$(lab readlink $volumes/two/_data/out)" = /etc/passwd ]
    [ "$(lab cat $volumes/two/_data/.wh.name)" = x ]
    [ "$(lab stat -c %F $volumes/two/_data/pipe)" = fifo ]
    lab podman volume create theirs > /dev/null
    lab sh -c "podman volume import theirs /tmp/one.tar && podman volume export theirs > /tmp/theirs.tar"
    lab berth volume import one /tmp/theirs.tar
    [ "$(lab cat $volumes/one/_data/d/again)" = text ]
    # a link that leads out, and a file behind it
    lab sh -c 'rm -rf /tmp/evil && mkdir /tmp/evil && cd /tmp/evil && ln -s /tmp/outside link && tar cf ../evil.tar link &&
        rm link && mkdir link && echo bad > link/file && tar rf ../evil.tar link/file && mkdir -p /tmp/outside'
    run lab berth volume import two /tmp/evil.tar
    echo "$output"
    [ "$status" = 125 ]
    run lab test -e /tmp/outside/file
    [ "$status" = 1 ]
    run lab berth volume import nope /tmp/one.tar
    [[ $output == *"no such volume"* ]]
    run lab berth volume import one /nope
    [ "$output" = "Error: open /nope: No such file or directory" ]
    run lab sh -c 'head -c 900000 /tmp/one.tar | berth volume import two -'
    [ "$status" = 125 ]
    [ "$(lab berth volume mount one)" = $volumes/one/_data ]
}
