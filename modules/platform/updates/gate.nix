# The health gate: a version has to prove itself when it starts, or the one that was last well returns.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  inherit (lib)
    mkDefault
    mkIf
    mkMerge
    optionalAttrs
    ;
  hearth = config.services.hearth;
  cfg = hearth.updates;
  hardening = import ../../lib/hardening.nix { inherit lib; };
  inherit (import ./scripts.nix { inherit config lib pkgs; }) fallBack remember;
  toml = "/etc/hearth/hearth.toml";
  counts = options ? boot.loader.systemd-boot.bootCounting;
in
{
  config = mkIf hearth.enable (mkMerge [
    (mkIf cfg.gate {
      systemd.services.hearth-health = {
        description = "Hearth: everything is well after the start";
        wantedBy = [ "multi-user.target" ];
        requiredBy = [ "boot-complete.target" ];
        before = [ "boot-complete.target" ];
        after = [
          "hearth-hub.service"
          "local-fs.target"
        ];
        onFailure = [ "hearth-fallback.service" ];
        wants = [ "hearth-healthy.service" ];
        # A switch has its own gate (`hearth update run`) and its own way back.
        restartIfChanged = false;
        serviceConfig = hardening.isolated // {
          Type = "oneshot";
          RemainAfterExit = true;
          ExecStart = "${hearth.package}/bin/hearth health --wait ${toString cfg.healthSeconds} --config ${toml}";
          BindReadOnlyPaths = hardening.reports ++ [ "/run/hearth" ];
          NoExecPaths = hardening.notExecutable [ "/run/hearth" ];
          TimeoutStartSec = cfg.healthSeconds + 60;
          # It looks at the schema of every database, and each belongs to another user; it writes none.
          PrivateUsers = false;
          CapabilityBoundingSet = [ "CAP_DAC_READ_SEARCH" ];
        };
      };

      # A unit of its own: an ExecStartPost of the gate would look into the gate's own empty /run, even
      # with '+', which does not lift TemporaryFileSystem.
      systemd.services.hearth-healthy = {
        description = "Hearth: remember this version as one that was well";
        requires = [ "hearth-health.service" ];
        after = [ "hearth-health.service" ];
        restartIfChanged = false;
        serviceConfig = hardening.isolated // {
          Type = "oneshot";
          RemainAfterExit = true;
          ExecStart = remember;
          StateDirectory = "hearth";
          StateDirectoryMode = "0700";
          NoExecPaths = hardening.notExecutable [ "/var/lib/hearth" ];
          # Without /run, which tells the version that was started.
          TemporaryFileSystem = lib.filter (place: place != "/run:ro") (hardening.emptied [ ]);
        };
      };

      systemd.services.hearth-fallback = {
        description = "Hearth: back to the version that was last well";
        restartIfChanged = false;
        # As root it has no right to Nix's database: the daemon does what needs that.
        environment.NIX_REMOTE = "daemon";
        serviceConfig = hardening.isolated // {
          Type = "oneshot";
          ExecStart = fallBack;
          # It changes the system's profile and the boot loader: Nix's and the boot partition's files,
          # the lock of a switch, and the firmware's list of what to start.
          ReadWritePaths = [
            "-/nix/var/nix"
            "-/boot"
            "-${config.boot.loader.efi.efiSysMountPoint}"
            "-/run/nixos"
            "-/sys/firmware/efi/efivars"
          ];
          NoExecPaths = hardening.notExecutable [
            "/dev/shm"
            "-/nix/var/nix"
            "-/boot"
            "-${config.boot.loader.efi.efiSysMountPoint}"
            "-/run/nixos"
            "-/sys/firmware/efi/efivars"
          ];
          InaccessiblePaths = [ "-${hearth.dataDir}" ];
          # It asks systemd for a restart, and must see which version was started.
          TemporaryFileSystem = [ ];
          BindReadOnlyPaths = [ ];
          # The firmware's variables are marked as unchangeable, which only root itself may lift.
          PrivateUsers = false;
          CapabilityBoundingSet = [ "CAP_LINUX_IMMUTABLE" ];
          # bootctl looks whether the boot partition is one, on its disk; the disk's name is in /proc.
          PrivateDevices = false;
          DeviceAllow = [ "block-* r" ];
          ProcSubset = "all";
          # What it writes into the boot partition and the profile is for everybody.
          UMask = "0022";
        };
      };

      # Stops at the emergency shell that nobody sees would keep a bad version running.
      systemd.enableEmergencyMode = mkDefault false;
      # So would stage 1's question what to do, when it cannot find the disk: `boot.panic_on_fail`
      # makes it a panic, which starts anew and so uses up one of the version's tries.
      boot.kernelParams = [
        "panic=30"
        "boot.panic_on_fail"
      ];
    })

    # nixos-26.05 and older may not have it. Counters that we wrote into the names of boot entries
    # ourselves would not survive nixpkgs' own boot loader script, which reads those names; so there
    # it is left out, and hearth-fallback is the only way back.
    (optionalAttrs counts {
      boot.loader.systemd-boot.bootCounting = mkIf cfg.gate {
        enable = mkDefault true;
        tries = mkDefault cfg.bootTries;
      };
    })
  ]);
}
