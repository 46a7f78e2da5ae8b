# From nixpkgs' name to the Debian packages that hold its files, where the names differ.
{
  attr = [ "attr" ];
  bashInteractive = [ "bash" ];
  bind = [
    "bind9-host"
    "bind9-dnsutils"
  ];
  cacert = [ "ca-certificates" ];
  coreutils-full = [ "coreutils" ];
  dbus = [
    "dbus"
    "dbus-bin"
    "dbus-daemon"
    "dbus-session-bus-common"
    "dbus-system-bus-common"
  ];
  envsubst = [ "gettext-base" ];
  gawk = [
    "mawk"
    "gawk"
  ];
  getent = [ "libc-bin" ];
  glibc = [
    "libc-bin"
    "libc6"
  ];
  gnugrep = [ "grep" ];
  gnused = [ "sed" ];
  gnutar = [ "tar" ];
  host = [ "bind9-host" ];
  iputils = [ "iputils-ping" ];
  linux-pam = [
    "libpam-modules"
    "libpam-modules-bin"
    "libpam-runtime"
    "libpam0g"
  ];
  lvm2 = [
    "dmsetup"
    "lvm2"
  ];
  ncurses = [
    "ncurses-base"
    "ncurses-bin"
  ];
  net-tools = [
    "hostname"
    "net-tools"
  ];
  nettools = [
    "hostname"
    "net-tools"
  ];
  openssh = [
    "openssh-client"
    "openssh-server"
    "openssh-sftp-server"
  ];
  pam = [
    "libpam-modules"
    "libpam-modules-bin"
  ];
  perl = [
    "perl"
    "perl-base"
  ];
  avahi = [
    "avahi-daemon"
    "avahi-utils"
  ];
  python3 = [
    "python3"
    "python3-minimal"
    "python3.13-minimal"
  ];
  shadow = [
    "login"
    "login.defs"
    "passwd"
    "uidmap"
  ];
  su = [ "util-linux" ];
  systemd = [
    "dbus-user-session"
    "libnss-myhostname"
    "libnss-resolve"
    "libnss-systemd"
    "libpam-systemd"
    "systemd"
    "systemd-boot"
    "systemd-boot-tools"
    "systemd-container"
    "systemd-coredump"
    "systemd-cryptsetup"
    "systemd-homed"
    "systemd-oomd"
    "systemd-repart"
    "systemd-resolved"
    "systemd-sysv"
    "systemd-timesyncd"
    "systemd-userdbd"
    "udev"
  ];
  util-linux = [
    "bsdutils"
    "fdisk"
    "libsmartcols1"
    "login"
    "mount"
    "util-linux"
    "util-linux-extra"
  ];
  xz = [ "xz-utils" ];
}
