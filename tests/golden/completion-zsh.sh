#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a line becomes when Tab is pressed behind it, in a real interactive zsh: completion-zsh.sh FILE
set -eu
command -v zsh > /dev/null || { echo "zsh is not installed"; exit 77; }
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
HOME=$home timeout 60 zsh -f -s "$(dirname "$(realpath "$1")")" <<'ZSH'
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1= PS2=; fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -u -D"
# a key of its own shows the line, between marks
zpty -w z "show() { print -r -- \"<<\$BUFFER>>\"; BUFFER= }; zle -N show; bindkey '^X' show"
zpty -w z "print REA''DY"
zpty -r z out '*READY*'
check() {
    local out
    zpty -w -n z "$2"$'\t\C-x'
    zpty -r z out '*<<*>>*'
    out=${${out##*<<}%%>>*}
    [[ $out == $1 ]] || { print -r -- "$2: got '$out', not '$1'"; exit 1 }
}
check 'berth quadlet ' 'berth quad'
check 'berth quadlet lint --target ' 'berth quadlet lint --t'
check 'berth quadlet print ' 'berth quadlet pr'
zpty -d z
ZSH
