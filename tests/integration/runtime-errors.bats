# SPDX-License-Identifier: Apache-2.0
# Bad input to a service: one clear error that names the object, a failed unit, nothing left behind. And what
# the start path of a present image must not do.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup() {
    need_systemd
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    forget case
}

# fails_with TEXT: starting case fails, its journal names TEXT, and no container remains.
fails_with() {
    run lab systemctl start case
    [ "$status" -ne 0 ]
    [ "$(property case ActiveState)" = failed ]
    run lab journalctl -b --no-pager -o cat -u case
    echo "$output"
    [[ $output == *"$1"* ]]
    [ -z "$(lab ls /run/berth/containers)" ]
    [ -z "$(lab ls /run/berth/names)" ]
    [ -z "$(lab ls /var/lib/containers/storage/berth/volatile)" ]
}

@test "a missing image with Pull=never" {
    printf '[Container]\nImage=localhost/no/such:image\nPull=never\nNetwork=none\n' | quadlet case.container
    fails_with localhost/no/such:image
}

@test "a registry that nobody reaches" {
    printf '[Container]\nImage=127.0.0.1:9/no/such:image\nNetwork=none\n' | quadlet case.container
    fails_with 127.0.0.1:9
}

@test "a command that is not in the image" {
    printf '[Container]\nImage=%s\nNetwork=none\nExec=/no/such/command\n' $image | quadlet case.container
    fails_with /no/such/command
    [ "$(property case ExecMainStatus)" = 127 ]
}

@test "a bind source that does not exist" {
    printf '[Container]\nImage=%s\nNetwork=none\nPodmanArgs=-v /no/such/source:/x\n' $image | quadlet case.container
    fails_with /no/such/source
}

@test "a flag in PodmanArgs that is not supported" {
    printf '[Container]\nImage=%s\nNetwork=none\nPodmanArgs=--gpus all\n' $image | quadlet case.container
    fails_with gpus
}

@test "a user that the image does not have" {
    printf '[Container]\nImage=%s\nNetwork=none\nUser=stranger\n' $image | quadlet case.container
    fails_with stranger
}

@test "a network that does not exist is refused by name" {
    printf '[Container]\nImage=%s\nNetwork=nowhere\n' $image | quadlet case.container
    fails_with nowhere
}

@test "a store that is full" {
    lab sh -ec 'mkdir -p /full; mount -t tmpfs -o size=64m tmpfs /full
        cp -a /var/lib/containers/storage /full/store'
    lab berth --root /full/store --runroot /full/run run --rm --network none $image true
    lab sh -c 'dd if=/dev/zero of=/full/fill bs=4k 2>/dev/null; [ "$(df --output=avail /full | tail -1)" -eq 0 ]'
    run lab berth --root /full/store --runroot /full/run run --rm --network none $image true
    left=$(lab sh -c 'ls /full/run/berth/containers /full/run/berth/names /full/store/berth/volatile | grep -v :')
    lab umount /full
    [ "$status" = 125 ]
    [[ $output == *"/full/"* ]] || [[ $output == *"containers/"* ]]
    [[ $output == *"No space left"* ]]
    [ -z "$left" ]
}

@test "starting a present image uses no thread, waits for no lock, and touches no network" {
    lab berth run --rm --network none $image true
    lab strace -f -o /tmp/trace -e trace=clone,clone3,fork,vfork,fcntl,flock,socket,connect,execve \
        berth run --rm --network none --log-driver none $image true
    # up to the payload; what is noted for others afterwards may wait
    run lab sed '/execve("\/bin\/true"/q' /tmp/trace
    [[ $output == *'execve("/bin/true"'* ]]
    [[ $output == *clone3* ]]
    [[ $output != *CLONE_THREAD* ]]
    [[ $output != *F_SETLK* ]]
    [[ $output != *F_OFD_SETLK* ]]
    [[ $output != *flock* ]]
    [[ $output != *AF_INET* ]]
    [[ $output != *AF_NETLINK* ]]
    # one clone, and two programs: berth and the payload
    [ "$(grep -c 'clone3(\|clone(\|fork(' <<< "$output")" = 1 ]
    [ "$(grep -c ' execve(' <<< "$output")" = 2 ]
}
