#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# 1,000 .container files: the generator against Podman's, in one run, and daemon-reload against the same
# number of static units. Prints medians in milliseconds and ratios; asserts nothing.
#
#   generator.sh BUILD-DIR [--files N] [--rounds N] [--reload]
#
# Podman's generator: $PODMAN_QUADLET, or the one installed, or that of a Debian 13 tree in $BERTH_LAB.
# --reload boots a private systemd (root), with berth's generator installed from BUILD-DIR.
set -eu

build=$(realpath "$1")
shift
files=1000 rounds=11 reload=
while [ $# -gt 0 ]; do
    case $1 in
        --files) files=$2; shift ;;
        --rounds) rounds=$2; shift ;;
        --reload) reload=1 ;;
        *) sed -n '3,10s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
    shift
done
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d /dev/shm/berth-bench.XXXXXX)
lab_name=
trap '[ -z "$lab_name" ] || sh "$top/data/private-systemd.sh" stop "$lab_name"; rm -rf "$work"' EXIT

podman=
for candidate in "${PODMAN_QUADLET:-}" /usr/libexec/podman/quadlet "${BERTH_LAB:-/var/tmp/berth-lab}/debian13/usr/libexec/podman/quadlet"; do
    [ -z "$podman" ] && [ -x "$candidate" ] && podman=$candidate
done

mkdir "$work/units" "$work/static"
for i in $(seq "$files"); do
    cat > "$work/units/app$i.container" <<UNIT
[Unit]
Description=Application $i
After=network.target

[Container]
Image=registry.example.org/app:$i
ContainerName=app$i
Environment=MODE=fast "TITLE=Application $i"
Volume=/srv/app$i:/data:Z
PublishPort=$((10000 + i)):80
Label=app=$i

[Service]
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
done

# milliseconds COMMAND...: wall time of one run
milliseconds() {
    local start end
    start=$EPOCHREALTIME # no process of ours within what is measured
    "$@" > /dev/null 2>&1
    end=$EPOCHREALTIME
    echo $((${end/./} - ${start/./})) | awk '{printf "%.1f\n", $1 / 1000}'
}
median() { sort -n "$1" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.1f", a / b}'; }
row() { printf '%-44s %10s\n' "$@"; }

export QUADLET_UNIT_DIRS=$work/units
# By posix_spawn: forking a shell with all its memory is not the generator's time. Every round goes into a
# folder of its own: what is removed the kernel frees a little later, on the processors that are measured.
generate() { # ROUNDS WORK PROGRAM...: appends milliseconds to WORK/N.ms, N from 0
    python3 - "$@" <<'PY'
import os, sys, tempfile, time
rounds, work, programs = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_WRONLY, 0) for fd in (1, 2)]
for _ in range(rounds):
    for n, program in enumerate(programs):
        argv = [program, "-no-kmsg-log", tempfile.mkdtemp(dir=work)]
        begin = time.perf_counter()
        os.waitpid(os.posix_spawn(program, argv, os.environ, file_actions=null), 0)
        end = time.perf_counter()
        with open(f"{work}/{n}.ms", "a") as f:
            print(f"{(end - begin) * 1000:.1f}", file=f)
PY
}
generate "$rounds" "$work" "$build/generator/berth-generator" ${podman:+"$podman"}
mv "$work/0.ms" "$work/berth.ms"
[ -z "$podman" ] || mv "$work/1.ms" "$work/podman.ms"
echo "$files files, median of $rounds rounds, ms"
row "berth-generator" "$(median "$work/berth.ms")"
if [ -n "$podman" ]; then
    row "podman $("$podman" -version) quadlet" "$(median "$work/podman.ms")"
    row "podman / berth" "$(ratio "$(median "$work/podman.ms")" "$(median "$work/berth.ms")")"
else
    echo "(no generator of Podman here: set PODMAN_QUADLET)"
fi
[ -n "$reload" ] || exit 0

# the same services as static units
"$build/generator/berth-generator" -no-kmsg-log "$work/static"
DESTDIR=$work/stage meson install --no-rebuild -C "$build" > /dev/null
name=bench-$$
sh "$top/data/private-systemd.sh" start "$name" -s "$work/stage" > /dev/null
lab_name=$name
inside() { sh "$top/data/private-systemd.sh" exec "$lab_name" "$@"; }
reloads() {
    for round in $(seq "$rounds"); do
        milliseconds inside systemctl daemon-reload
    done > "$work/reload.ms"
    median "$work/reload.ms"
}
empty=$(reloads)
tar -C "$work/static" -c . | inside sh -c 'mkdir -p /etc/systemd/system && tar -C /etc/systemd/system -x'
static=$(reloads)
inside sh -c 'cd /etc/systemd/system && rm -rf app*.service app*.wants multi-user.target.wants/app*'
tar -C "$work/units" -c . | inside sh -c 'mkdir -p /etc/containers/systemd && tar -C /etc/containers/systemd -x'
generated=$(reloads)
row "daemon-reload, no units of ours" "$empty"
row "daemon-reload, $files static units" "$static"
row "daemon-reload, $files .container files" "$generated"
row "the same, less the generator" "$(awk -v a="$generated" -v b="$(median "$work/berth.ms")" 'BEGIN {printf "%.1f", a - b}')"
