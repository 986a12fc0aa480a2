#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Snapshot=: copies of a volume before the image of its container changes, and putting them back.
bats_require_minimum_version 1.5.0

load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    forget db
    lab systemctl stop data-volume.service 2> /dev/null || true
    lab sh -c 'rm -f /etc/containers/systemd/data.volume; berth rm -fa -t 0; berth volume rm -f data systemd-data' > /dev/null 2>&1 || true
    lab berth untag localhost/berth-test:next localhost/berth-test:next 2> /dev/null || true
    lab sh -c 'umount /var/tmp/shared-fs && rm -f /var/tmp/shared-fs.img' 2> /dev/null || true
}

# write VOLUME TEXT: what a payload would leave in it
write() {
    lab berth run --rm --network none -v "$1:/data" $image sh -c "echo $2 > /data/value; ln -f /data/value /data/twin; mkdir -p /data/sub; chown 5:6 /data/sub"
}

value() {
    lab berth run --rm --network none -v "$1:/data" $image sh -c 'cat /data/value; stat -c "%h" /data/value; stat -c "%u:%g" /data/sub' | tr '\n' ' '
}

snapshots() {
    lab berth volume inspect "$1" | jq -r '.[0].Snapshots | length'
}

# what holds on every file system
take_and_restore() {
    local flags=("$@")
    lab berth "${flags[@]}" volume create -o snapshot=2 data > /dev/null
    path=$(lab berth "${flags[@]}" volume mount data)
    lab sh -c "echo one > $path/value; ln $path/value $path/twin; mkdir $path/sub; chown 5:6 $path/sub; setfattr -n user.mark -v here $path/sub"
    first=$(lab berth "${flags[@]}" volume snapshot data)
    lab sh -c "echo two > $path/value; rmdir $path/sub; touch $path/new"
    run -0 --separate-stderr lab berth "${flags[@]}" volume restore data
    [ "$output" = "$first" ]
    [[ $stderr == "What was there before is snapshot "* ]]
    [ "$(lab cat "$path/value" "$path/twin" | tr '\n' ' ')" = "one one " ]
    [ "$(lab stat -c %h "$path/value")" = 2 ]
    [ "$(lab stat -c %u:%g "$path/sub")" = 5:6 ]
    [ "$(lab getfattr --only-values -n user.mark "$path/sub")" = here ]
    run ! lab test -e "$path/new"
    # what was there before is a snapshot, too, and comes back
    lab berth "${flags[@]}" volume restore data "${stderr##* }" 2> /dev/null
    [ "$(lab cat "$path/value")" = two ]
    lab test -e "$path/new"
    [ "$(lab berth "${flags[@]}" volume inspect data | jq -r '.[0].Snapshots | length')" = 2 ] # that many are kept
}

@test "snapshots are taken, put back and thinned out; archives where blocks cannot be shared" {
    take_and_restore
    [ "$(lab berth volume inspect data | jq -r '.[0].Snapshots[0].Kind')" = tar ]
}

@test "where the file system shares blocks a snapshot does" {
    lab sh -c 'command -v mkfs.btrfs' > /dev/null || skip "mkfs.btrfs is not installed"
    # the private systemd has a /dev of its own
    lab sh -c '[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237; for i in 0 1 2 3 4 5 6 7; do [ -e /dev/loop$i ] || mknod /dev/loop$i b 7 $i; done'
    lab sh -ec 'truncate -s 200M /var/tmp/shared-fs.img; mkfs.btrfs -q /var/tmp/shared-fs.img; mkdir -p /var/tmp/shared-fs
        mount -o loop /var/tmp/shared-fs.img /var/tmp/shared-fs' || skip "this machine cannot mount btrfs from a file"
    take_and_restore --root /var/tmp/shared-fs/storage
    [ "$(lab berth --root /var/tmp/shared-fs/storage volume inspect data | jq -r '.[0].Snapshots[0].Kind')" = reflink ]
}

@test "a new image of the unit: a snapshot before, none without a change" {
    quadlet data.volume << 'EOF'
[Volume]
Snapshot=yes
EOF
    quadlet db.container << EOF
[Container]
Image=$image
Network=none
Volume=data.volume:/data
Exec=sh -c 'cat /data/value; echo new >> /data/value; exec sleep 1000'
EOF
    lab systemctl start db.service
    lab systemctl restart db.service
    [ "$(snapshots systemd-data)" = 0 ]
    write systemd-data before
    # another image of the same name, as an update brings it
    old=$(lab berth inspect --type image --format '{{.Id}}' $image)
    lab sh -c "echo 'FROM $image
LABEL version=2' | buildah bud -q --isolation chroot -t localhost/berth-test:next -" > /dev/null
    lab sed -i "s|^Image=.*|Image=localhost/berth-test:next|" /etc/containers/systemd/db.container
    lab systemctl daemon-reload
    lab systemctl restart db.service
    [ "$(snapshots systemd-data)" = 1 ]
    [ "$(lab berth volume inspect systemd-data | jq -r '.[0].Snapshots[0] | .Image + " " + .Container')" = "$old systemd-db" ]
    run lab berth volume restore systemd-data
    [ "$status" -eq 125 ]
    [ "$output" = "Error: container systemd-db runs with volume systemd-data: stop it first" ]
    lab systemctl stop db.service
    lab berth volume restore systemd-data
    [ "$(value systemd-data)" = "before 2 5:6 " ]
    lab berth rmi -f localhost/berth-test:next > /dev/null
}

@test "what cannot be is an error" {
    run lab berth volume create -o snapshot=many data
    [ "$status" -eq 125 ]
    [[ $output == *"snapshot=many: write how many to keep"* ]]
    run lab berth volume create -o snapshot=1 -o type=tmpfs -o device=tmpfs data
    [ "$status" -eq 125 ]
    lab berth volume create data > /dev/null
    run lab berth volume restore data
    [ "$output" = "Error: volume data has no snapshot" ]
    run lab berth volume restore data 20260101T000000.000000Z
    [[ $output == "Error: volume data has no snapshot 20260101T000000.000000Z"* ]]
}
