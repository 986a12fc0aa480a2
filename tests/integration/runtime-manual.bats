# SPDX-License-Identifier: Apache-2.0
# The examples of berth(1), run as they stand.

bats_require_minimum_version 1.5.0
load systemd-lib.bash

@test "the examples of berth(1) run in their order" {
    need_systemd
    sed -n '/^EXAMPLES$/,/^SEE ALSO$/s/^    \(berth .*\)$/\1/p' "$top/man/berth.1.rst" > "$BATS_TEST_TMPDIR/examples"
    [ "$(wc -l < "$BATS_TEST_TMPDIR/examples")" -ge 4 ]
    while IFS= read -r example; do
        echo "$example"
        lab sh -c "$example" < /dev/null
    done < "$BATS_TEST_TMPDIR/examples"
    [ -z "$(lab berth ps -aq)" ]
}

@test "every verb of the table is in berth(1), berth-quadlet(1) or its help" {
    need_systemd
    for verb in run create start stop kill rm wait exec ps inspect logs info version; do
        grep -q "^$verb" "$top/man/berth.1.rst"
        lab berth "$verb" --help > /dev/null
    done
}
