# A small stand-in for stdenv's setup.sh: enough for runCommand, writeText, symlinkJoin, buildEnv and
# for a mkDerivation with a buildCommand or an installPhase.
set -e
shopt -s nullglob
export PATH=/usr/bin:/usr/sbin:/bin:/sbin
export HOME=$TMPDIR
export SOURCE_DATE_EPOCH=1
: "${outputs:=out}"

if [ -n "$NIX_ATTRS_SH_FILE" ]; then
    . "$NIX_ATTRS_SH_FILE"
    for output in "${!outputs[@]}"; do
        declare -g "$output=${outputs[$output]}"
        export "${output?}"
    done
fi

# The only compiled things are the setuid wrappers and stub-ld; no test runs them.
export CC=${CC:-cc}
command -v cc > /dev/null || cc() {
    while [ $# -gt 0 ]; do
        if [ "$1" = -o ]; then
            printf '#!/bin/sh\nexit 127\n' > "$2"
            chmod +x "$2"
        fi
        shift
    done
}

for input in ${nativeBuildInputs[*]} ${buildInputs[*]}; do
    [ -d "$input/bin" ] && PATH=$input/bin:$PATH
    [ -e "$input/nix-support/setup-hook" ] && . "$input/nix-support/setup-hook"
done

runHook() {
    local hook=$1
    shift
    if declare -F "$hook" > /dev/null; then "$hook" "$@"; else eval "${!hook}"; fi
}

# Arguments: source, target, then stdenv's --replace* and --subst-var* flags. Python keeps text exact.
substitute() {
    python3 - "$@" << 'SCRIPT'
import os
import sys
from pathlib import Path

source, target, *flags = sys.argv[1:]
text = Path(source).read_text()
while flags:
    flag = flags.pop(0)
    if flag.startswith("--replace"):
        old, new = flags.pop(0), flags.pop(0)
        text = text.replace(old, new)
    elif flag == "--subst-var":
        name = flags.pop(0)
        text = text.replace(f"@{name}@", os.environ.get(name, ""))
    elif flag == "--subst-var-by":
        name, new = flags.pop(0), flags.pop(0)
        text = text.replace(f"@{name}@", new)
    elif flag == "--all":
        for name, value in os.environ.items():
            text = text.replace(f"@{name}@", value)
Path(target).write_text(text)
SCRIPT
}

substituteAll() { substitute "$1" "$2" --all; }

substituteInPlace() {
    local files=()
    while [ $# -gt 0 ] && [[ $1 != --* ]]; do
        files+=("$1")
        shift
    done
    for file in "${files[@]}"; do substitute "$file" "$file" "$@"; done
}

makeWrapper() {
    local program=$1 wrapper=$2 flags=""
    shift 2
    mkdir -p "$(dirname "$wrapper")"
    {
        echo "#!/bin/bash"
        while [ $# -gt 0 ]; do
            case $1 in
            --set)
                echo "export $2='$3'"
                shift 3
                ;;
            --prefix)
                echo "export $2='$4'$3\$$2"
                shift 4
                ;;
            --add-flags)
                flags="$flags $2"
                shift 2
                ;;
            *) shift ;;
            esac
        done
        echo "exec $program $flags \"\$@\""
    } > "$wrapper"
    chmod +x "$wrapper"
}

wrapProgram() {
    local program=$1 hidden
    hidden=$(dirname "$program")/.$(basename "$program")-wrapped
    shift
    mv "$program" "$hidden"
    makeWrapper "$hidden" "$program" "$@"
}

if [ -n "$buildCommandPath" ]; then
    . "$buildCommandPath"
elif [ -n "$buildCommand" ]; then
    eval "$buildCommand"
else
    if [ -n "$src" ] && [ -d "$src" ]; then
        cp -r "$src" source
        chmod -R u+w source
        cd source
    fi
    for phase in unpackPhase patchPhase buildPhase installPhase; do
        if [ "$phase" = unpackPhase ] && [ -n "$dontUnpack" ]; then continue; fi
        runHook "$phase"
    done
    for output in $outputs; do
        [ -e "${!output}" ] || mkdir -p "${!output}"
    done
fi
