#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The fish completion offers verbs, verbs of a group, and flags: completion-fish.sh FILE
set -eu
command -v fish > /dev/null || { echo "fish is not installed"; exit 77; }
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
check() {
    got=$(HOME=$home timeout 60 fish -N -c 'source $argv[1]; complete -C $argv[2]' "$completion" "$2" < /dev/null | cut -f1)
    [ "$got" = "$1" ] || { echo "$2: got '$got', not '$1'"; exit 1; }
}
completion=$1
check quadlet "berth quad"
check --target "berth quadlet lint --t"
check print "berth quadlet pr"
