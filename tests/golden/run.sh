#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One golden case: run.sh GENERATOR CASE [--update]
#   CASE/in/        unit files, with sub-folders and drop-ins
#   CASE/user       when it is there: the generator of a user manager
#   CASE/expected/  what must come out: units; links ("path -> target"); messages; status
set -eu
generator=$(realpath "$1")
case=$(cd "$2" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
mkdir "$out/units" "$out/got"

mode=
[ ! -e "$case/user" ] || mode=-user
status=0
cd "$out"
QUADLET_UNIT_DIRS=$case/in "$generator" -no-kmsg-log $mode "$out/units" 2> "$out/messages" || status=$?

# The place of the checkout is not part of the result.
find units -type f | sort | while read -r file; do
    mkdir -p "got/$(dirname "${file#units/}")"
    sed "s|$case/in|/IN|g" "$file" > "got/${file#units/}"
done
find units -type l -printf '%P -> %l\n' | LC_ALL=C sort > got/links
sed "s|$case/in|/IN|g" messages > got/messages
echo "$status" > got/status
[ -s got/links ] || rm got/links
[ -s got/messages ] || rm got/messages

if [ "${3:-}" = --update ]; then
    rm -rf "$case/expected"
    cp -r got "$case/expected"
    exit 0
fi
diff -ru "$case/expected" got
