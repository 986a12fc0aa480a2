#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The bash completion offers verbs, verbs of a group, and flags: completion-bash.sh FILE
set -eu
# shellcheck disable=SC1090
source "$1"
check() {
    expected=$1
    shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _berth
    [ "${COMPREPLY[*]}" = "$expected" ] || { echo "$*: got '${COMPREPLY[*]}', not '$expected'"; exit 1; }
}
check quadlet berth quad
check "--target" berth quadlet lint --t
check "--replace --reload-systemd" berth quadlet install --re
check print berth quadlet pr
