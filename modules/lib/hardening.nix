# What every Hearth unit may not do. Each unit starts from one of these sets; an exception stands
# beside its unit with its reason, and overrides the default here.
{ lib }:
let
  inherit (lib) mapAttrs mkDefault;
  defaults = mapAttrs (_: mkDefault);

  walls = {
    # Files
    ProtectSystem = "strict";
    ProtectHome = true;
    PrivateTmp = true;
    PrivateDevices = true;
    DevicePolicy = "closed";
    ProtectProc = "invisible";
    ProcSubset = "pid";
    UMask = "0077";
    NoExecPaths = notExecutable [ ];
    # Left out of "strict" by being named here, and read-only all the same, as NixOS mounts it. It must
    # not be named as ReadOnlyPaths too: with "strict" that takes the right to run from it away.
    ExecPaths = [ "/nix/store" ];
    PrivateMounts = true;
    PrivateIPC = true;

    # Privileges
    NoNewPrivileges = true;
    PrivateUsers = true;
    CapabilityBoundingSet = [ "" ];
    AmbientCapabilities = [ "" ];
    RestrictSUIDSGID = true;
    RestrictNamespaces = true;
    RestrictRealtime = true;
    LockPersonality = true;
    KeyringMode = "private";
    RemoveIPC = true;
    NotifyAccess = "main";

    # Kernel
    ProtectKernelTunables = true;
    ProtectKernelModules = true;
    ProtectKernelLogs = true;
    ProtectControlGroups = true;
    ProtectClock = true;
    ProtectHostname = true;
    MemoryDenyWriteExecute = true;
    SystemCallArchitectures = "native";
    SystemCallFilter = [
      "@system-service"
      "~@privileged @resources @keyring"
    ];
    SystemCallErrorNumber = "EPERM";
  };

  # In /run every service has its sockets, D-Bus and systemd theirs; in /dev/shm programs of different
  # users can meet. Neither is there, nor what a unit hides beside.
  emptied =
    folders:
    [
      "/run:ro"
      "/dev/shm:mode=1777,nosuid,nodev,noexec,size=64M"
    ]
    ++ map (folder: "${folder}:ro") folders;

  # Where a program says that it is ready, and what it does. Bound one by one: beside them lie the
  # sockets that the journal is read by, and systemd is commanded by.
  reports = [
    "/run/systemd/notify"
    "/run/systemd/journal/socket"
  ];

  # How a machine turns names into addresses.
  resolvers = [
    "-/run/nscd"
    "-/run/systemd/resolve"
  ];

  # From where no program can be started, whoever put it there. A folder that is bound into a unit, or
  # that systemd makes for it, is a mount of its own, which "/" does not reach: each is named. None may
  # be a TemporaryFileSystem as well: systemd would drop that without a word.
  notExecutable =
    folders:
    [
      "/"
      "/tmp"
      "/var/tmp"
    ]
    ++ folders;
in
{
  inherit
    emptied
    notExecutable
    reports
    resolvers
    ;

  # No network at all: not even loopback, and no address family but Unix sockets.
  isolated = defaults (
    walls
    // {
      PrivateNetwork = true;
      RestrictAddressFamilies = [ "AF_UNIX" ];
      IPAddressDeny = "any";
      TemporaryFileSystem = emptied [ ];
      BindReadOnlyPaths = reports;
    }
  );

  # Makes a machine: it partitions and mounts disks, and Nix builds in sandboxes of its own, as root.
  # What it can never need is closed all the same.
  installer = defaults {
    ProtectHome = true;
    PrivateTmp = true;
    PrivateMounts = true;
    NoNewPrivileges = true;
    # No network: what is not on the stick is not installed. Nix brings up a loopback for each build,
    # and the kernel is asked about disks by netlink.
    PrivateNetwork = true;
    IPAddressDeny = "any";
    RestrictAddressFamilies = [
      "AF_UNIX"
      "AF_INET"
      "AF_NETLINK"
    ];
    # Disks, the device mapper, the TPM and the firmware's clock, but no file that is a device by name.
    DevicePolicy = "closed";
    DeviceAllow = [
      "block-* rwm"
      "char-* rw"
    ];
    CapabilityBoundingSet = [
      "~CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_AUDIT_WRITE CAP_BPF CAP_BLOCK_SUSPEND CAP_LEASE"
      "~CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_RAW"
      "~CAP_PERFMON CAP_SYS_BOOT CAP_SYS_MODULE CAP_SYS_PACCT CAP_SYS_PTRACE CAP_SYS_RAWIO"
      "~CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_SYSLOG CAP_WAKE_ALARM"
    ];
    ProtectKernelModules = true;
    ProtectKernelLogs = true;
    ProtectClock = true;
    ProtectControlGroups = true;
    KeyringMode = "private";
    LockPersonality = true;
    RestrictRealtime = true;
    MemoryDenyWriteExecute = true;
    SystemCallArchitectures = "native";
    SystemCallFilter = [ "~@clock @cpu-emulation @debug @module @obsolete @raw-io @reboot" ];
    SystemCallErrorNumber = "EPERM";
  };

  # A network, and nothing else more.
  networked = defaults (
    walls
    // {
      # Programs of different users meet in /dev/shm here, but bring no program along.
      NoExecPaths = notExecutable [ "/dev/shm" ];
      RestrictAddressFamilies = [
        "AF_UNIX"
        "AF_INET"
        "AF_INET6"
      ];
    }
  );
}
