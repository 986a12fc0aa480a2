#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Limits with real cgroup controllers, in a guest (data/user-mode-kernel.sh), whose kernel is an older one, too.
bats_require_minimum_version 1.5.0

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

# One boot for all: the answers are lines "NAME VALUE".
setup_file() {
    export ANSWERS=$BATS_FILE_TMPDIR/answers
    export GUEST_STATUS=0
    [ -n "${BERTH_TEST_WORK:-}" ] && [ -d "$BERTH_TEST_WORK/oci" ] || return 0
    cp "$top/tests/integration/limits-guest.sh" "$top/tests/integration/oci-bundle.py" "$BERTH_TEST_WORK/"
    echo "exec bash $BERTH_TEST_WORK/limits-guest.sh $BERTH_TEST_WORK" > "$BATS_FILE_TMPDIR/script"
    sh "$top/data/user-mode-kernel.sh" -s "$BERTH_TEST_WORK/stage" -b "$BERTH_TEST_WORK:$BERTH_TEST_WORK" "$BATS_FILE_TMPDIR/script" \
        > "$ANSWERS" 2> "$BATS_FILE_TMPDIR/why" || GUEST_STATUS=$?
    export GUEST_WHY
    GUEST_WHY=$(tail -3 "$BATS_FILE_TMPDIR/why")
}

setup() {
    [ -n "${BERTH_TEST_WORK:-}" ] || skip "run by tests/run.sh"
    [ "$GUEST_STATUS" -ne 77 ] || skip "$GUEST_WHY"
    [ "$GUEST_STATUS" -eq 0 ] || { cat "$ANSWERS"; echo "$GUEST_WHY"; false; }
}

answer() {
    sed -n "s/^$1 //p" "$ANSWERS"
}

@test "the guest has the controllers" {
    [[ " $(answer controllers) " == *" cpu io memory pids "* ]]
}

@test "a kernel before 6.5: layers, volumes and devices with mapped ids, several at once" {
    [[ $(answer kernel) == 6.1.* ]] || skip "the guest's kernel is $(answer kernel)"
    [ "$(answer mapped)" = "0 0 0 0 1:3 " ]
    [ "$(answer on-disk)" = 0 ]
    [ "$(answer app)" = "active  0 1 1 0" ]
    [ "$(answer at-once)" = "1 2 3 4 5 6  0 0" ]
}

@test "memory: the kernel kills, the unit says oom-kill, inspect says OOMKilled" {
    [ "$(answer hog)" = "oom-kill 25165824 0" ]
    [ "$(answer oom)" = "137 true" ]
}

@test "tasks: no more than that are made" {
    [ "$(answer forks)" = "8 1" ]
    [ "$(answer own)" = "20971520 7" ]
}

@test "processor time: a quarter of one is a quarter of one" {
    read -r quota percent shown <<< "$(answer busy)"
    [ "$quota" = 25000/100000 ]
    [ "$percent" -ge 10 ]
    [ "$percent" -le 35 ]
    [ "$shown" = 250ms ]
}

@test "limits of PodmanArgs= and of [Service] are those of the cgroup" {
    [ "$(answer weights)" = "41943040 16777216 20 41943040" ]
    [ "$(answer user)" = "52428800 9" ]
    [[ $(answer io) == *40 ]]
}

@test "set-property and update change what runs" {
    [ "$(answer set-property)" = 34603008 ]
    [ "$(answer update)" = "30408704 30408704" ]
    [ "$(answer inspect)" = 30408704 ]
    [ "$(answer stats)" = "N / 30.41MB|1" ]
}

@test "what is paused uses nothing" {
    [ "$(answer paused)" = "0 paused frozen" ]
    [ "$(answer unpaused)" = 1 ]
}

@test "berth-oci: limits, update, events --stats" {
    [ "$(answer oci)" = "25165824 8 30000/100000" ]
    [ "$(answer oci-update)" = 33554432 ]
    [ "$(answer oci-events)" = "33554432 8" ]
}
