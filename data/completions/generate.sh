#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Shell completion out of berth's own tables of verbs and flags: generate.sh BERTH bash|zsh|fish
set -eu
berth=$1
shell=$2
# berth runs berth-image for the verbs that move bytes; here it lies beside it
BERTH_LIBEXECDIR=$(dirname "$(realpath "$berth")")
export BERTH_LIBEXECDIR

# "name<TAB>help" per verb; names of two words belong to a group
verbs() {
    "$berth" --help | sed -n '/^Verbs:/,$p' | sed 1d | cut -c3- |
        sed -E 's/^([a-z-]+( [a-z-]+)?) +(.*)$/\1\t\3/'
}

# "--name" or "--name=" per flag of a verb
flags() {
    # shellcheck disable=SC2086
    help_text=$("$berth" $1 --help) || { echo "berth $1 --help failed" >&2; exit 1; }
    printf '%s\n' "$help_text" | sed -n '/^Options:/,$p' |
        sed -nE 's/^ +(-., )? *--([a-z0-9-]+)( [A-Z][^ ]*)? .*$/--\2/p'
}

escape() { sed "s/'/'\\\\''/g"; }

case $shell in
bash)
    echo "# berth(1) completion                                     -*- shell-script -*-"
    echo "_berth() {"
    echo "    local cur=\${COMP_WORDS[COMP_CWORD]} verb=\${COMP_WORDS[1]:-} two=\"\${COMP_WORDS[1]:-} \${COMP_WORDS[2]:-}\" words="
    echo "    if ((COMP_CWORD == 1)); then"
    echo "        words='$(verbs | cut -f1 | cut -d' ' -f1 | sort -u | tr '\n' ' ')'"
    echo "    else"
    echo "        case \$two in"
    verbs | cut -f1 | grep ' ' | while read -r verb; do
        echo "        '$verb') words='$(flags "$verb" | tr '\n' ' ')' ;;"
    done
    echo "        esac"
    echo "        [[ -n \$words ]] || case \$verb in"
    verbs | cut -f1 | grep -v ' ' | while read -r verb; do
        echo "        '$verb') words='$(flags "$verb" | tr '\n' ' ')' ;;"
    done
    verbs | cut -f1 | grep ' ' | cut -d' ' -f1 | sort -u | while read -r group; do
        echo "        '$group') words='$(verbs | cut -f1 | sed -n "s/^$group //p" | tr '\n' ' ')' ;;"
    done
    echo "        esac"
    echo "        if [[ \$cur != -* && -z \$(compgen -W \"\$words\" -- \"\$cur\") ]]; then"
    echo "            compopt -o default"
    echo "            return"
    echo "        fi"
    echo "    fi"
    echo "    mapfile -t COMPREPLY < <(compgen -W \"\$words\" -- \"\$cur\")"
    echo "}"
    echo "complete -F _berth berth"
    ;;
zsh)
    echo "#compdef berth"
    echo "_berth() {"
    echo "    local -a verbs flags"
    echo "    if ((CURRENT == 2)); then"
    echo "        verbs=("
    verbs | awk -F'\t' '$1 !~ / /' | escape | sed -E "s/^([^\t]*)\t(.*)$/            '\1:\2'/"
    verbs | cut -f1 | grep ' ' | cut -d' ' -f1 | sort -u | sed "s/.*/            '&:&'/"
    echo "        )"
    echo "        _describe 'verb' verbs"
    echo "        return"
    echo "    fi"
    echo "    case \"\$words[2] \$words[3]\" in"
    verbs | cut -f1 | grep ' ' | while read -r verb; do
        echo "    '$verb') flags=($(flags "$verb" | tr '\n' ' ')) ;;"
    done
    echo "    esac"
    echo "    ((\$#flags)) || case \$words[2] in"
    verbs | cut -f1 | grep -v ' ' | while read -r verb; do
        echo "    '$verb') flags=($(flags "$verb" | tr '\n' ' ')) ;;"
    done
    verbs | cut -f1 | grep ' ' | cut -d' ' -f1 | sort -u | while read -r group; do
        echo "    '$group') flags=($(verbs | cut -f1 | sed -n "s/^$group //p" | tr '\n' ' ')) ;;"
    done
    echo "    esac"
    echo "    compadd -- \$flags"
    echo "    _files"
    echo "}"
    echo "_berth \"\$@\""
    ;;
fish)
    echo "# berth(1) completion"
    verbs | while IFS="$(printf '\t')" read -r verb help; do
        help=$(printf %s "$help" | sed "s/'/\\\\'/g")
        case $verb in
        *' '*)
            group=${verb% *} name=${verb#* }
            echo "complete -c berth -n 'test (count (commandline -opc)) -eq 1' -f -a '$group'"
            echo "complete -c berth -n 'test (count (commandline -opc)) -eq 2; and __fish_seen_subcommand_from $group' -f -a '$name' -d '$help'"
            when="__fish_seen_subcommand_from $group; and __fish_seen_subcommand_from $name"
            ;;
        *)
            echo "complete -c berth -n 'test (count (commandline -opc)) -eq 1' -f -a '$verb' -d '$help'"
            when="__fish_seen_subcommand_from $verb"
            ;;
        esac
        flags "$verb" | sed "s/^--//" | while read -r flag; do
            echo "complete -c berth -n '$when' -l '$flag'"
        done
    done
    ;;
*)
    echo "usage: generate.sh BERTH bash|zsh|fish" >&2
    exit 2
    ;;
esac
