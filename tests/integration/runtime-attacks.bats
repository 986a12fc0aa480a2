# SPDX-License-Identifier: Apache-2.0
# What a container, or an image, tries against its runtime. Each of these worked on some runtime once.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

setup_file() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    gcc -static -O1 -o "$BERTH_TEST_WORK/attack" "$top/tests/integration/attack.c"
    chmod 755 "$BERTH_TEST_WORK" "$BERTH_TEST_WORK/attack"
}

setup() {
    need_systemd
    attack=$BERTH_TEST_WORK/attack
    # a root file system that a test may spoil
    root=$BERTH_TEST_WORK/attack-root
    lab sh -c "rm -rf --one-file-system $root; mkdir -p $root/bin $root/dev $root/etc $root/proc $root/sys $root/data
        cp /bin/busybox $root/bin/; cp $attack $root/bin/attack; for a in \$(/bin/busybox --list); do [ \$a = busybox ] || ln -s busybox $root/bin/\$a; done"
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab berth rm -f -t 0 --all > /dev/null 2>&1 || true
    lab sh -c 'systemctl reset-failed 2> /dev/null; true'
    lab rm -rf --one-file-system "$root"
}

in_root() { # FLAGS... -- COMMAND...
    local flags=()
    while [ "$1" != -- ]; do
        flags+=("$1")
        shift
    done
    shift
    lab berth run --rm --network none "${flags[@]}" --rootfs "$root" "$@"
}

@test "/proc/PID/exe: our program cannot be written through a process that runs it (CVE-2019-5736)" {
    before=$(lab sha256sum /usr/bin/berth)
    # the image's shell makes whoever executes it run its own file again, with the libraries it needs
    lab sh -c "printf '#!/proc/self/exe\n' > $root/bin/trap; chmod 755 $root/bin/trap"
    libs=(-v /lib:/lib:ro -v /lib64:/lib64:ro -v /usr/lib:/usr/lib:ro)
    lab berth run -d --name a-exe --network none "${libs[@]}" --rootfs "$root" /bin/attack exe 30 > /dev/null
    for i in $(seq 200); do
        lab berth exec a-exe /bin/trap --help > /dev/null 2>&1 || true
        [[ $(lab berth logs a-exe) != *refused* ]] || break
    done
    logs=$(lab berth logs a-exe)
    [[ $logs == *"refused: Read-only file system"* ]]
    [[ $logs != *WRITABLE* ]]
    [ "$(lab sha256sum /usr/bin/berth)" = "$before" ]
    # the same as the container's first process, and by the other command line
    lab sh -c "berth run --rm --network none ${libs[*]} --rootfs $root /bin/trap" > /dev/null 2>&1 || true
    [ "$(lab sha256sum /usr/bin/berth)" = "$before" ]
}

@test "descriptors and directories of the launcher stay outside (CVE-2024-21626)" {
    lab sh -c 'echo secret > /run/a-secret'
    run lab sh -c "exec 7< /run/a-secret 8< / 9<> /run/a-secret; berth run --rm --network none --rootfs $root sh -c 'for f in /proc/self/fd/*; do readlink \$f; done; true'"
    [ "$status" = 0 ]
    [[ $output != *a-secret* ]]
    [ "$(grep -cvE 'pipe:|null|/proc/[0-9]+/fd' <<< "$output")" = 0 ]
    for fd in 3 4 5 6 7 8 9 10 11 12; do
        run lab sh -c "exec 8< /; berth run --rm --network none --workdir /proc/self/fd/$fd --rootfs $root sh -c 'pwd; ls ..'"
        # refused, or a directory of the container's own
        [ "$status" != 0 ] || [[ $output == /* && $output == *busybox* || $output == *data* ]]
        [[ $output != *boot* && $output != *unreachable* ]]
    done
    lab berth run -d --name a-cwd --network none --rootfs "$root" sleep 1000 > /dev/null
    for fd in 3 4 5 6 7 8; do
        run lab sh -c "exec 8< /; berth exec --workdir /proc/self/fd/$fd a-cwd sh -c 'pwd; ls /proc/self/cwd/'"
        [ "$status" != 0 ] || [[ $output == /* && $output == *data* ]]
        [[ $output != *boot* && $output != *unreachable* && $output != *cgroup.procs* ]]
    done
}

@test "an image's /proc or /sys that is a link is refused (CVE-2023-27561)" {
    lab sh -c "rmdir $root/proc; mkdir -p $root/fake/self/attr; ln -s fake $root/proc"
    run in_root -- true
    [ "$status" != 0 ]
    [[ $output == *"/proc"* ]]
    lab sh -c "rm $root/proc; mkdir $root/proc; rmdir $root/sys; ln -s /data $root/sys"
    run in_root -- true
    [ "$status" != 0 ]
}

@test "masked files are masked whatever /dev/null of the image is (CVE-2025-31133)" {
    lab sh -c "rm -rf $root/dev/null; ln -s /proc/sys/kernel/core_pattern $root/dev/null"
    run in_root -- sh -c 'stat -c %t:%T /proc/interrupts; wc -c < /proc/interrupts; wc -c < /proc/keys; echo x > /proc/sys/kernel/core_pattern; echo x > /proc/irq/default_smp_affinity; umount /proc/interrupts'
    [ "${lines[0]}" = 1:3 ]
    [ "${lines[1]}" = 0 ]
    [ "${lines[2]}" = 0 ]
    [[ $output == *"core_pattern: Read-only file system"* ]]
    [[ $output == *"default_smp_affinity: Read-only file system"* ]]
    [[ $output == *"umount: "* ]]
}

@test "links exchanged under mounts lead nowhere outside (CVE-2021-30465, CVE-2024-45310)" {
    lab sh -c "mkdir -p /run/a-vol/target/deep $root/data; ln -sfn / /run/a-vol/link; rm -rf /a-escape; timeout 40 $attack swap /run/a-vol/target /run/a-vol/link 30 > /dev/null 2>&1 & echo \$! > /run/a-swap.pid"
    for i in $(seq 25); do
        lab berth run --rm --network none -v /run/a-vol:/data -v /run:/data/target/a-escape:ro --rootfs "$root" true > /dev/null 2>&1 || true
        [ ! -e "$root/data/target" ] || true
    done
    lab sh -c 'kill $(cat /run/a-swap.pid) 2> /dev/null; true'
    # neither a directory made nor a mount left on the host's /
    ! lab test -e /a-escape
    ! lab grep -q a-escape /proc/self/mountinfo
}

@test "the launcher's groups, keyring, capabilities and sockets are not inherited" {
    run lab setpriv --groups 4,27 berth run --rm --network none --user 1234:1234 --rootfs "$root" id -G
    [ "$output" = 1234 ]
    run lab "$attack" addkey a-key berth run --rm --network none --rootfs "$root" attack findkey a-key
    [ "$output" = none ]
    [ "$(lab "$attack" addkey a-key "$attack" findkey a-key)" = FOUND ]
    run lab setpriv --inh-caps +sys_admin,+net_admin --ambient-caps +sys_admin,+net_admin berth run --rm --network none --rootfs "$root" grep -E 'Cap(Inh|Amb)' /proc/self/status
    [ "$(grep -c 0000000000000000 <<< "$output")" = 2 ]
    run lab setpriv --inh-caps +sys_admin --ambient-caps +sys_admin berth run --rm --network none --user 1234 --rootfs "$root" grep -E 'Cap(Prm|Eff|Inh|Amb)' /proc/self/status
    [ "$(grep -c 0000000000000000 <<< "$output")" = 4 ]
    # abstract sockets of the host are in its network namespace; ours are none (CVE-2020-15257)
    lab berth run -d --name a-sockets --network none --rootfs "$root" sleep 1000 > /dev/null
    [ -z "$(lab berth exec a-sockets attack abstract)" ]
    [[ $(lab "$attack" abstract) != *berth* ]]
}

@test "a device node in a volume is dead, unless its device was given" {
    lab sh -c 'mkdir -p /run/a-dev; rm -f /run/a-dev/*; mount -t tmpfs -o dev t /run/a-dev; mknod /run/a-dev/kmsg c 1 11; chmod 666 /run/a-dev/kmsg'
    lab berth run -d --name a-node --network none -v /run/a-dev:/data --rootfs "$root" sleep 1000 > /dev/null
    # nobody needs a capability to write there
    run lab berth exec a-node sh -c 'echo x > /data/kmsg'
    lab umount /run/a-dev
    [ "$status" != 0 ]
    [[ $output == *"ot permitted"* || $output == *"ermission denied"* ]]
    run lab berth exec a-node sh -c 'echo x > /dev/null && head -c 1 /dev/zero | wc -c'
    [ "$output" = 1 ]
    # a rule opens it
    lab sh -c 'mount -t tmpfs -o dev t /run/a-dev; mknod /run/a-dev/kmsg c 1 11; chmod 666 /run/a-dev/kmsg'
    lab berth run -d --name a-rule --network none --device-cgroup-rule 'c 1:11 rw' -v /run/a-dev:/data --rootfs "$root" sleep 1000 > /dev/null
    run lab berth exec a-rule sh -c ': > /data/kmsg && echo opened'
    lab umount /run/a-dev
    [[ $output == *opened* ]]
    # nor can a new one be made
    run in_root -- mknod /data/kmsg c 1 11
    [ "$status" != 0 ]
}

@test "sysctls: only those of the container's namespaces, one at a time (CVE-2022-0811)" {
    before=$(lab cat /proc/sys/kernel/core_pattern)
    for sysctl in kernel.core_pattern=x 'kernel.shm_rmid_forced=1+kernel.core_pattern=x' 'net.ipv4.ip_forward=1
kernel.core_pattern=x' 'net/../kernel/core_pattern=x' kernel.domainname/../core_pattern=x fs.mqueue.../kernel/core_pattern=x; do
        run in_root --sysctl "$sysctl" -- true
        [ "$status" != 0 ]
    done
    [ "$(lab cat /proc/sys/kernel/core_pattern)" = "$before" ]
    [ "$(in_root --sysctl net.ipv4.ip_forward=1 -- cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
}

@test "every newer system call may be missing" {
    local call
    for call in fsconfig close_range copy_file_range keyctl bpf memfd_create; do
        run lab "$attack" without $call berth run --rm --network none --tmpfs /etc $image sh -c 'id -u; touch /x && cat /etc/passwd | head -1'
        echo "$call: $output"
        if [ $call = fsconfig ]; then # the mounts in the container need it since 5.2: said so
            [ "$status" != 0 ]
            [[ $output == *Cannot* ]]
        else
            [ "$status" = 0 ]
            [[ $output == *root:x:0* ]]
        fi
    done
}

@test "without open_tree(2) we run from a sealed copy of ourselves" {
    lab berth run -d --name a-sealed --network none $image sleep 1000 > /dev/null
    lab sh -c "$attack without open_tree berth exec a-sealed sleep 100 > /dev/null 2>&1 & echo \$! > /run/a-sealed.pid"
    until_true 10 lab sh -c 'berth exec a-sealed ps | grep -q "sleep 100"'
    run lab sh -c 'p=$(cat /run/a-sealed.pid); readlink /proc/$p/exe; : > /proc/$p/exe'
    lab sh -c 'kill $(cat /run/a-sealed.pid); true'
    [[ ${lines[0]} == /memfd:berth* ]]
    [[ $output == *"not permitted"* || $output == *"busy"* ]]
}

@test "limits that no unit has are set in the payload's cgroup, or refused" {
    lab berth run -d --name a-residue --network none --cgroup-conf cgroup.max.descendants=3 $image sleep 1000 > /dev/null
    [ "$(lab cat /sys/fs/cgroup/system.slice/berth-a-residue.service/payload/cgroup.max.descendants)" = 3 ]
    [ "$(property berth-a-residue ActiveState)" = active ]
    # a controller that is not there is named
    lab grep -qw hugetlb /sys/fs/cgroup/cgroup.controllers && skip "this host has the controller"
    run lab berth run -d --name a-none --network none --cgroup-conf hugetlb.2MB.max=0 $image sleep 1000
    [ "$status" != 0 ]
    lab sh -c 'journalctl -u berth-a-none | grep -q "controller .hugetlb. is not available"'
}
