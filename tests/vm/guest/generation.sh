#!/bin/sh
# A generation's init: what NixOS's stage 2 does of interest here is to say which version runs.
ln -sfn "${0%/init}" /run/booted-system
ln -sfn "${0%/init}" /run/current-system
exec /usr/lib/systemd/systemd
