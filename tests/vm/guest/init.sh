#!/bin/busybox sh
# Mounts the root that the kernel's command line names, and starts the init that it names.
busybox mkdir -p /proc /sys /dev /run /root
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev
busybox mount -t tmpfs -o mode=0755,nosuid,nodev run /run
busybox insmod /virtio_blk.ko
for word in $(busybox cat /proc/cmdline); do
    case $word in
        root=*) root=${word#root=} ;;
        init=*) init=${word#init=} ;;
    esac
done
while [ ! -b "$root" ]; do busybox sleep 0.1; done
busybox mount -t ext4 "$root" /root
for place in proc sys dev run; do busybox mount -o move "/$place" "/root/$place"; done
exec busybox switch_root /root "$init"
