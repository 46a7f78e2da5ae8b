#!/bin/sh
# enter.sh ROOT NIX BINDS COMMAND…: runs a command in the Debian root, in a mount namespace of its own.
# The root is the read-only floor of an overlay in memory; NIX is kept as /nix; BINDS holds lines
# "SOURCE TARGET", mounted read-only.
set -eu
root=$1 nix=$2 binds=$3
shift 3

work=$(mktemp -d)
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay "$work/root" \
    -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/work"
cd "$work/root"

# What runs in here must never reach the host's kernel settings: /proc/sys and /sys are read-only.
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,ro,bind proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs dev
for device in null zero full random urandom tty; do
    touch dev/$device
    mount --bind /dev/$device dev/$device
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount --bind "$nix" nix
echo "$binds" | while read -r source target; do
    [ -n "$source" ] || continue
    mkdir -p ".$target"
    mount --bind "$source" ".$target"
    mount -o remount,ro,bind ".$target"
done

exec chroot . "$@"
