#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everything: installs what it needs, builds, runs all suites. The last line is "N passed, N failed" with
# ", N skipped" where tests were skipped (their reasons stand above).
#
#   sh tests/run.sh [--long] [--quick] [PATTERN...]    PATTERN: only bats files whose name contains it
#
# --long adds the stress variants; --quick leaves out what needs no systemd (unit tests, golden files, fuzz
# seeds, lint, the sanitizer build). BERTH_TEST_DIR keeps the work folder at that place.
set -u

top=$(cd "$(dirname "$0")/.." && pwd)
long= quick= patterns=
for argument; do
    case $argument in
        --long) long=1 ;;
        --quick) quick=1 ;;
        -*) sed -n '3,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
        *) patterns="$patterns $argument" ;;
    esac
done
export BERTH_TEST_LONG=$long
[ -n "$long" ] || export BATS_TEST_TIMEOUT=180 # what hangs fails

passed=0 failed=0 skipped=0
work=${BERTH_TEST_DIR:-$(mktemp -d /var/tmp/berth-test.XXXXXX)}
mkdir -p "$work"
name=suite-$$

finish() {
    trap - EXIT INT TERM
    sh "$top/data/private-systemd.sh" stop "$name" 2>/dev/null
    [ -n "${BERTH_TEST_DIR:-}" ] || rm -rf --one-file-system "$work"
    skip_text=
    [ "$skipped" -gt 0 ] && skip_text=", $skipped skipped"
    echo "$passed passed, $failed failed$skip_text"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}
broken() { # a step that everything else needs
    echo "run.sh: $1" >&2
    failed=$((failed + 1))
    finish
}
say() { printf '\n== %s\n' "$*"; }

# count_tap FILE: adds the results of a TAP stream and shows what did not pass.
count_tap() {
    ok=$(grep -c '^ok ' "$1")
    skip=$(grep -ci '^ok .*# skip' "$1")
    bad=$(grep -c '^not ok ' "$1")
    planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$1" | head -1)
    lost=$((${planned:-1} - ok - bad))
    [ "$lost" -gt 0 ] && { echo "not ok - $lost tests of $1 did not report"; bad=$((bad + lost)); }
    passed=$((passed + ok - skip))
    failed=$((failed + bad))
    skipped=$((skipped + skip))
    grep -i '^ok .*# skip' "$1"
    awk '/^not ok /{show=1} /^ok /{show=0} show' "$1"
    echo "   $((ok - skip)) passed, $bad failed, $skip skipped"
}

# meson_suites BUILD ARGS...: counts each TAP case and each plain test.
meson_suites() {
    build=$1
    shift
    meson test -C "$build" --no-rebuild --print-errorlogs "$@" > "$work/meson-test.log" 2>&1
    grep -vE '^ninja:|^$' "$work/meson-test.log" | grep -E 'FAIL|ERROR|TIMEOUT|not ok|SKIP' | head -40
    ok=$(sed -n 's/^Ok: *\([0-9]*\).*/\1/p' "$work/meson-test.log" | tail -1)
    bad=$(sed -n 's/^\(Fail\|Timeout\): *\([0-9]*\).*/\2/p' "$work/meson-test.log" | awk '{n += $1} END {print n + 0}')
    skip=$(sed -n 's/^Skipped: *\([0-9]*\).*/\1/p' "$work/meson-test.log" | tail -1)
    [ -n "$ok" ] || { cat "$work/meson-test.log"; bad=1 ok=0; }
    passed=$((passed + ok))
    failed=$((failed + bad))
    skipped=$((skipped + ${skip:-0}))
    echo "   $ok passed, $bad failed, ${skip:-0} skipped"
}

trap finish EXIT
trap 'failed=$((failed + 1)); echo "run.sh: interrupted" >&2; finish' INT TERM
[ "$(id -u)" = 0 ] || broken "root is missing: run this as root"
say "Packages"
sh "$top/data/build-packages.sh" --install build demo test || broken "packages could not be installed"

# podman 5.4 as a peer; where Debian 13 cannot be had the tests that need it skip and say so
export BERTH_DEBIAN13=${BERTH_DEBIAN13:-/var/tmp/berth-lab/debian13}
sh "$top/data/debian13-root.sh" "$BERTH_DEBIAN13" > "$work/debian13.log" 2>&1 &
debian13=$!

say "Build"
meson setup "$work/build" "$top" > "$work/setup.log" 2>&1 || { tail -20 "$work/setup.log"; broken "meson setup failed"; }
ninja -C "$work/build" > "$work/ninja.log" 2>&1 || { grep -A5 error: "$work/ninja.log" | head -40; broken "the build failed"; }
DESTDIR=$work/stage meson install -C "$work/build" --no-rebuild > "$work/install.log" 2>&1 ||
    { tail -5 "$work/install.log"; broken "the installation failed"; }

sanitized_suites() {
    if meson setup -Dsanitize=true -Dman=false "$work/build-sanitize" "$top" > "$work/setup-sanitize.log" 2>&1 &&
        ninja -C "$work/build-sanitize" > "$work/ninja-sanitize.log" 2>&1; then
        meson_suites "$work/build-sanitize" --suite unit --suite golden --suite fuzz-replay
    else
        tail -5 "$work/setup-sanitize.log"
        grep -A5 error: "$work/ninja-sanitize.log" 2>/dev/null | head
        failed=$((failed + 1))
    fi
}
if [ -z "$quick" ]; then
    say "Unit tests, golden files, fuzz seeds, lint"
    meson_suites "$work/build"
    say "The same under AddressSanitizer and UndefinedBehaviorSanitizer"
    sanitized_suites
fi

say "A private systemd with an image in its store"
unset BERTH_SYSTEMD
if sh "$top/data/private-systemd.sh" check; then
    sh "$top/data/private-systemd.sh" start "$name" -s "$work/stage" -b "$work:$work" -b "$top:$top" ||
        broken "the private systemd did not boot"
    sh "$top/data/demo-image.sh" "$work/oci" || broken "the test image could not be made"
    gcc -static -O1 -o "$work/probe" "$top/tests/integration/probe.c" || broken "the probe could not be built"
    sh "$top/data/private-systemd.sh" exec "$name" sh -ec \
        "skopeo copy -q oci:$work/oci:web containers-storage:localhost/berth-test:1" ||
        broken "podman's store did not take the test image"
    export BERTH_SYSTEMD=$name
fi
export BERTH_TEST_WORK=$work BERTH_TEST_BUILD=$work/build
export BERTH=$work/build/src/cli/berth BERTH_LIBEXECDIR=$work/build/src/cli

run_bats() { # LANE FILE...
    lane=$1
    shift
    for file; do
        bats --formatter tap "$file" > "$work/$lane-$(basename "$file").tap" 2>&1 < /dev/null
    done
}
wanted() { # FILE...: those that a pattern names
    for file; do
        [ -e "$file" ] || continue
        [ -z "$patterns" ] && echo "$file"
        for pattern in $patterns; do
            case $file in *"$pattern"*) echo "$file" ;; esac
        done
    done
}

wait $debian13 || { echo "run.sh: no Debian 13 root:"; tail -3 "$work/debian13.log"; }
say "Black-box tests"
# two lanes for two cores: what works on stores of its own, and what shares the private systemd
run_bats image $(wanted "$top"/tests/integration/image-*.bats) &
images=$!
run_bats systemd $(wanted $(ls "$top"/tests/integration/*.bats | grep -v '/image-[^/]*$'))
wait $images
for tap in "$work"/*.tap; do
    [ -e "$tap" ] || continue
    echo "-- $(basename "$tap" .tap)"
    count_tap "$tap"
done
finish
