#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The same input gives the same bytes, and a reader never sees half a unit while generators run.
set -eu
generator=$(realpath "$1")
cases=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)
trap 'kill $pids 2> /dev/null || true; rm -rf "$out"' EXIT
pids=
dirs=
for case in "$cases"/*/*/in; do dirs="$dirs:$case"; done
export QUADLET_UNIT_DIRS=${dirs#:}

"$generator" -no-kmsg-log "$out/a" 2> "$out/messages-a" || true
"$generator" -no-kmsg-log "$out/b" 2> "$out/messages-b" || true
diff -r "$out/a" "$out/b"
diff "$out/messages-a" "$out/messages-b"

# several at once into one folder, over and over, while a reader compares what it sees
for writer in 1 2 3; do
    (for round in $(seq 20); do "$generator" -no-kmsg-log "$out/shared" 2> /dev/null || true; done) &
    pids="$pids $!"
done
torn=0
while kill -0 $pids 2> /dev/null; do
    for unit in "$out"/shared/*.service; do
        [ -e "$unit" ] || continue
        cmp -s "$unit" "$out/a/${unit##*/}" || { echo "torn: ${unit##*/}"; torn=1; }
    done
done
wait
pids=
diff -r "$out/a" "$out/shared"
[ -z "$(find "$out/shared" -name '.tmp-*')" ] || { echo "temporary files were left"; torn=1; }
exit $torn
