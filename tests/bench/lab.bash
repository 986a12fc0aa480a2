# SPDX-License-Identifier: Apache-2.0
# For benches that need a private systemd with what $build holds installed and the test image in its store:
# lab CMD... runs in it; $work is seen by both and goes at the end.

top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d /var/tmp/berth-bench.XXXXXX)
name=bench-$$
lab() { sh "$top/data/private-systemd.sh" exec "$name" "$@"; }
trap 'sh "$top/data/private-systemd.sh" stop "$name"; rm -rf "$work"' EXIT

DESTDIR=$work/stage meson install -C "$build" --no-rebuild > /dev/null
gcc -static -O1 -o "$work/probe" "$top/tests/integration/probe.c"
sh "$top/data/demo-image.sh" "$work/oci"
sh "$top/data/private-systemd.sh" start "$name" -s "$work/stage" -b "$work:$work"
lab skopeo copy -q "oci:$work/oci:web" containers-storage:localhost/berth-test:1
