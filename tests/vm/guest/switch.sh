#!/bin/sh
# A generation's switch-to-configuration, as far as `boot` goes: like nixpkgs' boot loader script,
# which needs a built system, it gives each entry the key by which the loader sorts.
set -eu
[ "$1" = boot ]
number=$(readlink /nix/var/nix/profiles/system)
number=${number#system-}
number=${number%-link}
for entry in /boot/loader/entries/nixos-generation-*.conf; do
    key=nixos
    case $entry in *-generation-"$number".conf | *-generation-"$number"+*) key=nixor-default ;; esac
    sed -i "s/^sort-key .*/sort-key $key/" "$entry"
done
sync
