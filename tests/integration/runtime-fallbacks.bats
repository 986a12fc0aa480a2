#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Older kernels: each way that is there for them is gone once, with the newer system call made to fail by
# strace(1) and everything else real. A test fails when its call was not made, too: then it would show nothing.
bats_require_minimum_version 1.5.0

load systemd-lib.bash

setup() {
    need_systemd
    lab sh -c 'command -v strace' > /dev/null || skip "strace is not installed"
    trace=$BERTH_TEST_WORK/fallback.trace
}

teardown() {
    [ -n "${BERTH_SYSTEMD:-}" ] || return 0
    lab sh -c 'berth rm -fa -t 0; berth volume rm -fa; rm -f /run/fallback.trace' > /dev/null 2>&1 || true
}

# without [-f] INJECTION... -- COMMAND...: COMMAND with system calls that fail, strace(1) "inject"; with -f those
# of the container, too
without() {
    local flags=()
    [ "$1" != -f ] || { flags=(-f); shift; }
    while [ "$1" != -- ]; do
        flags+=(-e "inject=$1")
        shift
    done
    shift
    lab systemd-run -q --wait --pipe -p Delegate=yes strace -qq -o /run/fallback.trace -e trace=all "${flags[@]}" "$@"
}

# injected CALL: it was made, and failed by our doing
injected() {
    lab grep -q "$1(.*(INJECTED)" /run/fallback.trace
}

run_it() { # [-f] INJECTION
    without "$@" -- berth run --rm --network none $image sh -c 'echo fine; exit 7'
}

@test "no close_range: descriptors are marked one by one, and none leaks" {
    lab sh -c 'exec 9< /etc/hostname; cat /proc/self/fd/9 > /dev/null'
    run without -f close_range:error=ENOSYS -- sh -c "exec 9< /etc/passwd; exec berth run --rm --network none -v $BERTH_TEST_WORK/probe:/probe:ro $image /probe fds"
    [ "$status" -eq 0 ]
    injected close_range
    [ "$(printf '%s\n' "${lines[@]}" | tr '\n' ' ')" = "0 1 2 " ]
}

@test "no lowerdir+ (kernels before 6.5): the layers are mounted elsewhere, and nothing is seen of it" {
    # the first call of the launcher is the one that says so
    run run_it fsconfig:error=EINVAL:when=1
    [ "$status" -eq 7 ]
    [ "$output" = fine ]
    lab grep -q 'fsconfig([0-9]*, FSCONFIG_SET_STRING, "lowerdir+".*(INJECTED)' /run/fallback.trace
    run ! lab grep -q "/run/berth" /proc/self/mountinfo
}

@test "no fsopen: the same" {
    run run_it fsopen:error=ENOSYS:when=1
    [ "$status" -eq 7 ]
    [ "$output" = fine ]
    lab grep -q 'fsopen("overlay".*(INJECTED)' /run/fallback.trace
}

@test "no copy_file_range: a new volume is filled by reading and writing" {
    run without -f copy_file_range:error=ENOSYS -- berth run --rm --network none -v filled:/etc $image cat /etc/passwd
    [ "$status" -eq 0 ]
    [[ $output == *root* ]]
    injected copy_file_range
}

@test "no open_tree: the program guards itself by a sealed copy" {
    run run_it open_tree:error=EPERM:when=1
    [ "$status" -eq 7 ]
    lab grep -q 'memfd_create("berth"' /run/fallback.trace
    lab grep -q 'F_ADD_SEALS' /run/fallback.trace
}

@test "no keyrings: there is nothing that could leak" {
    run run_it -f keyctl:error=ENOSYS
    [ "$status" -eq 7 ]
    injected keyctl
}

@test "no device filter in the kernel: a warning says what is left" {
    lab berth run -d --name watched --network none $image sleep 1000 > /dev/null
    run without -f bpf:error=EINVAL -- berth exec watched sh -c 'echo fine; exit 7'
    [ "$status" -eq 7 ]
    injected bpf
    [[ $output == *"kept from making device nodes only"*fine ]]
}

@test "mounts made elsewhere do not mix when many start at once" {
    lab sh -c 'for i in 1 2 3 4 5 6 7 8; do
        (systemd-run -q --wait --pipe -p Delegate=yes strace -qq -o /dev/null -e inject=fsconfig:error=EINVAL:when=1 \
            berth run --rm --network none --name fb$i '$image' sh -c "echo $i > /own; sleep 0.2; cat /own" > /run/fb.$i) &
    done; wait; cat /run/fb.*; rm /run/fb.*; ls /run/berth/rootfs | wc -l; grep -c " /run/berth/rootfs" /proc/self/mountinfo' > "$BATS_TEST_TMPDIR/out" || true
    [ "$(tr '\n' ' ' < "$BATS_TEST_TMPDIR/out")" = "1 2 3 4 5 6 7 8 0 0 " ]
}

@test "no cgroup.kill (kernels before 5.14): every process is signalled" {
    bundle=$BERTH_TEST_WORK/fallback-bundle
    lab python3 "$top/tests/integration/oci-bundle.py" "$bundle" 'sh("trap : TERM; sleep 1000 & sleep 1000 & wait; wait")' \
        'c["linux"]["cgroupsPath"] = "/berth-fallback"' 'c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != "pid"]'
    lab sh -c "berth-oci run -d -b $bundle fallback > /dev/null 2>&1 < /dev/null"
    cgroup=$(lab sh -c 'find /sys/fs/cgroup -type d -name berth-fallback | head -1')
    threes() { [ "$(lab sh -c "wc -l < $cgroup/cgroup.procs")" -eq 3 ]; }
    until_true 10 threes
    pids=$(lab cat "$cgroup/cgroup.procs")
    lab strace -qq -o /run/fallback.trace -P "$cgroup/cgroup.kill" -e inject=openat:error=ENOENT berth-oci delete --force fallback
    injected openat
    for pid in $pids; do run ! lab test -e "/proc/$pid/cmdline"; done
    run ! lab test -e "$cgroup"
    lab rm -rf "$bundle"
}
