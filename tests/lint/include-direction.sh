#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A layer includes only layers nearer to base; every include of ours names its folder. TAP.
# usage: include-direction.sh SOURCE_ROOT
set -u
cd "$1" || exit 1

# folder: what it may include besides itself
allowed() {
    case $1 in
        base) echo "" ;;
        oci) echo "base" ;;
        unit) echo "base" ;;
        config) echo "base oci unit" ;;
        generator) echo "base unit config" ;;
        store) echo "base oci config" ;;
        image) echo "base oci config store" ;;
        network) echo "base oci config store" ;;
        systemd) echo "base oci config" ;;
        runtime) echo "base oci config store network systemd" ;;
        relay) echo "base systemd" ;;
        forward) echo "base" ;;
        build | remote) echo "base oci config store image network systemd runtime" ;;
        kube) echo "base unit config generator" ;;
        cli) echo "base oci unit config generator store image network systemd runtime relay forward kube build remote" ;;
        *) echo "?" ;;
    esac
}

bad=0 checked=0
for file in $(find src generator -name '*.[ch]'); do
    folder=${file#src/}
    folder=${folder%%/*}
    [ "${file#generator/}" = "$file" ] || folder=generator
    may=" $(allowed "$folder") $folder "
    case $may in *"?"*) echo "# $file: folder '$folder' has no layer"; bad=1 ;; esac
    for include in $(sed -n 's/^#include "\([^"]*\)".*/\1/p' "$file"); do
        checked=$((checked + 1))
        case $include in
            build-config.h) ;;
            */*)
                case $may in
                    *" ${include%%/*} "*) ;;
                    *) echo "# $file includes \"$include\": $folder may not use ${include%%/*}"; bad=1 ;;
                esac
                ;;
            *) echo "# $file includes \"$include\" without its folder"; bad=1 ;;
        esac
    done
done
echo "1..1"
[ $bad = 0 ] && [ $checked -gt 100 ] && echo "ok 1 - $checked includes point towards base" || { echo "not ok 1 - includes point towards base"; exit 1; }
