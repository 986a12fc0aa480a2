#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Takes what the generator makes now as what is expected: update.sh BUILD-DIR [CASE...]
set -eu
generator=$(cd "$1" && pwd)/generator/berth-generator
shift
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- */*/
for case; do
    [ ! -d "$case/in" ] || ./run.sh "$generator" "$case" --update
done
