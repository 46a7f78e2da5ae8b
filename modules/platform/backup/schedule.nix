# When backup and drill run, the disk that they may need, and what a person at the box needs for both.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkIf;
  cfg = config.services.hearth;
  backup = cfg.backup;
in
{
  config = mkIf (cfg.enable && backup.enable) {
    # `hearth restore`, `hearth backup list` and `hearth backup kit` are run by hand, as root.
    environment.systemPackages = [
      pkgs.qrencode
      pkgs.restic
    ]
    ++ lib.optional (lib.hasPrefix "rclone:" backup.repository) pkgs.rclone;

    systemd.timers = {
      hearth-backup = {
        description = "Hearth: the daily backup";
        wantedBy = [ "timers.target" ];
        timerConfig = {
          OnCalendar = backup.schedule;
          RandomizedDelaySec = "20m";
          FixedRandomDelay = true;
          Persistent = true;
        };
      };
      hearth-drill = {
        description = "Hearth: the weekly restore drill";
        wantedBy = [ "timers.target" ];
        timerConfig = {
          OnCalendar = backup.drillSchedule;
          RandomizedDelaySec = "20m";
          FixedRandomDelay = true;
          Persistent = true;
        };
      };
    };

    fileSystems."/mnt/backup" = mkIf backup.usb.enable {
      inherit (backup.usb) device fsType;
      options = [
        "noauto"
        "nofail"
        "nosuid"
        "nodev"
        "noexec"
        "noatime"
        "x-systemd.automount"
        "x-systemd.idle-timeout=10min"
        "x-systemd.device-timeout=10s"
      ];
    };
  };
}
