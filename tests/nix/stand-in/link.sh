# Builds a Debian-backed package: links every file of the Debian packages $debs into $out, with
# usr/X as X and sbin merged into bin; then the programs $bins; then runs $post.
export PATH=/usr/bin:/usr/sbin
set -e
mkdir -p "$out/bin"
# Tells these trees from texts that modules wrote (see lab/references.py).
touch "$out/.debian"

target_of() {
    case $1 in
    /usr/bin/* | /usr/sbin/* | /bin/* | /sbin/*) echo "bin/${1##*/}" ;;
    /usr/share/doc/* | /usr/share/man/* | /usr/share/locale/* | /usr/share/lintian/*) ;;
    /usr/include/*) ;;
    /usr/*) echo "${1#/usr/}" ;;
    *) echo "${1#/}" ;;
    esac
}

for deb in $debs; do
    { dpkg -L "$deb" 2> /dev/null || true; } | while IFS= read -r file; do
        [ -e "$file" ] || continue
        if [ -d "$file" ] && ! [ -L "$file" ]; then continue; fi
        target=$(target_of "$file")
        [ -n "$target" ] || continue
        mkdir -p "$out/$(dirname "$target")"
        case $target in
        # Data is copied, so that a machine can hide Debian's own.
        lib/*.d/*.conf | lib/systemd/system/* | lib/systemd/user/* | lib/systemd/network/*)
            cp -a --no-preserve=ownership "$file" "$out/$target"
            ;;
        *) ln -sfn "$file" "$out/$target" ;;
        esac
    done
done
for bin in $bins; do ln -sfn "$bin" "$out/bin/${bin##*/}"; done
[ -e "$out/sbin" ] || ln -s bin "$out/sbin"
eval "$post"
