#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What each binary links (its NEEDED list): the start path never loads what only pulling needs. TAP.
# usage: needed.sh GENERATOR BERTH RELAY
set -u

n=0 bad=0
echo "1..3"
check() { # BINARY ALLOWED...
    binary=$1
    shift
    n=$((n + 1))
    extra=
    needed=$(objdump -p "$binary" | awk '$1 == "NEEDED" {print $2}')
    [ -n "$needed" ] || extra="no NEEDED list at all"
    for library in $needed; do
        name=${library%%.so*}
        case " $* libc ld-linux-x86-64 ld-linux-aarch64 libasan libubsan libm libgcc_s " in
            *" $name "*) ;;
            *) extra="$extra $library" ;;
        esac
    done
    if [ -z "$extra" ]; then
        echo "ok $n - $(basename "$binary") links:" $needed
    else
        echo "not ok $n - $(basename "$binary") must not link:$extra"
        bad=1
    fi
}
check "$1" libglib-2.0 libyaml-0
check "$2" libglib-2.0 libgobject-2.0 libgio-2.0 libjson-glib-1.0 libsystemd libseccomp libcap libmnl
check "$3" libsystemd
exit $bad
