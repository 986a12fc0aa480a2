#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clang-format decides; version 14 is what the style was made with. TAP. usage: format.sh SOURCE_ROOT
cd "$1" || exit 1
tool=$(command -v clang-format-14 || command -v clang-format) || { echo "1..0 # SKIP clang-format is not installed"; exit 0; }
case $($tool --version) in
    *"version 14."*) ;;
    *) echo "1..0 # SKIP this clang-format is not version 14"; exit 0 ;;
esac
echo "1..1"
bad=$(find src generator tests -name '*.[ch]' -exec $tool --dry-run -Werror {} + 2>&1 | sed -n 's/:.*clang-format-violations.*//p' | sort -u)
if [ -z "$bad" ]; then
    echo "ok 1 - all sources are as clang-format writes them"
else
    printf '# %s\n' $bad
    echo "not ok 1 - some sources are not as clang-format writes them"
    exit 1
fi
