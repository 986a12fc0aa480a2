#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The generator touches nothing but what its arguments name: no process, socket or user database, and
# no file opened for writing, made, moved or removed anywhere else. Seen through strace.
set -eu
generator=$(realpath "$1")
cases=$(cd "$(dirname "$0")" && pwd)
strace=$(command -v strace) || { echo "strace is not installed"; exit 77; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$strace" -f -o "$out/probe" true 2> /dev/null || { echo "strace is not allowed here"; exit 77; }
mkdir "$out/home"

dirs=
for case in "$cases"/*/*/in; do dirs="$dirs:$case"; done
env -i HOME="$out/home" XDG_RUNTIME_DIR="$out/run" QUADLET_UNIT_DIRS="${dirs#:}" PATH=/nonexistent \
    "$strace" -f -y -o "$out/trace" "$generator" "-${2:-no-kmsg-log}" -no-kmsg-log \
    "$out/normal" "$out/early" "$out/late" 2> "$out/messages" || true
[ -s "$out/normal/web.service" ] || { echo "nothing was generated"; exit 1; }

bad=0
complain() { echo "$1"; bad=1; }
# the first execve is strace's own start of the generator
[ "$(grep -c ' execve(' "$out/trace")" = 1 ] || complain "it runs programs"
grep -E ' (fork|vfork|socket|connect|bind|listen|ptrace|kill|mount)\(' "$out/trace" && complain "it uses processes or sockets"
grep -E 'nsswitch|/etc/passwd|/etc/group|/var/(lib|cache|log|run)/|nscd' "$out/trace" && complain "it asks for users or looks into /var"
grep -E 'clone3?\(' "$out/trace" | grep -v CLONE_THREAD && complain "it makes processes"
grep -E '^[0-9]+ +(open|openat|creat|rename|renameat|renameat2|link|linkat|symlink|symlinkat|unlink|unlinkat|mkdir|mkdirat|truncate|chmod|fchmodat|chown)\(' "$out/trace" |
    grep -vE 'O_RDONLY' | grep -vF "$out/normal" | grep -vF "$out/late" && complain "it writes elsewhere"
exit $bad
