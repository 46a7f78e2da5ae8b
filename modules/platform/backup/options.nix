# What can be said about backups, and the register of what must survive.
{
  config,
  lib,
  ...
}:
let
  inherit (lib)
    literalExpression
    mkIf
    mkOption
    types
    ;
  cfg = config.services.hearth;
  backup = cfg.backup;
  secretFile = types.nullOr (types.strMatching "/.+");
in
{
  options.services.hearth = {
    state = mkOption {
      default = { };
      description = ''
        What must survive the loss of the box, by its owner. Every module that keeps state registers
        it here, and the backup reads nothing else.
      '';
      example = literalExpression ''{ outputs.folders = [ "/mnt/data/outputs" ]; }'';
      type = types.attrsOf (
        types.submodule (
          { config, ... }:
          {
            options = {
              folders = mkOption {
                type = types.listOf types.path;
                example = [ "/mnt/data/outputs" ];
                description = "Folders that are backed up.";
              };
              before = mkOption {
                type = types.listOf (types.strMatching ".+\\.service");
                default = [ ];
                example = [ "hearth-snapshot-hub.service" ];
                description = "Units that run before the backup, so that what it reads is consistent.";
              };
              program = mkOption {
                type = types.nullOr types.str;
                default = null;
                internal = true;
                description = "The Hearth program that copies its databases itself.";
              };
              place = mkOption {
                type = types.path;
                default = lib.head config.folders;
                defaultText = literalExpression "the first of folders";
                internal = true;
                description = "Where the program finds its data inside its own walls.";
              };
            };
          }
        )
      );
    };

    # The drill asks the model server too.
    engines = mkOption {
      type = types.attrsOf (
        types.submodule { config.extraCallers = mkIf (cfg.enable && backup.enable) [ "drill" ]; }
      );
    };

    backup = {
      enable = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether the house is backed up every day, and the backup proven every week.";
      };

      repository = mkOption {
        type = types.strMatching "(/|[a-z0-9]+:).*[^/]";
        default = if backup.usb.enable then "/mnt/backup/hearth" else "${cfg.dataDir}/backups/repository";
        defaultText = literalExpression ''
          if usb.enable then "/mnt/backup/hearth" else "''${dataDir}/backups/repository"
        '';
        example = "sftp:hearth@nas.home.arpa:/backups/hearth";
        description = ''
          restic's repository: a folder, or `sftp:…`, `rest:…`, `s3:…`, `rclone:…`. The first choice is
          a USB disk or another machine; what lies on the same disk as the data is lost with it. For
          `sftp:` the box makes a key of its own: `hearth backup key` prints what lets it in there, and
          `hearth backup trust` keeps by what the other machine is known. For `rclone:` the remote is
          described in environmentFile.
        '';
      };

      passwordFile = mkOption {
        type = secretFile;
        default = null;
        example = "/run/secrets/backup-password";
        description = ''
          File on the box with the repository's password. When null the box makes one and keeps it
          encrypted; `hearth backup kit` prints it.
        '';
      };

      environmentFile = mkOption {
        type = secretFile;
        default = null;
        example = "/run/secrets/backup-environment";
        description = ''
          File of KEY=VALUE lines for restic, such as the keys of an S3 store, or an rclone remote
          (`RCLONE_CONFIG_NAS_TYPE=webdav` and so on for `rclone:nas:hearth`). They are printed on the
          recovery kit.
        '';
      };

      schedule = mkOption {
        type = types.str;
        default = "02:30";
        example = "*-*-* 04:00";
        description = "When the backup runs (systemd.time(7)).";
      };

      drillSchedule = mkOption {
        type = types.str;
        default = "Sun 04:30";
        example = "Sat 05:00";
        description = "When the restore drill runs (systemd.time(7)); at least weekly.";
      };

      retention = {
        daily = mkOption {
          type = types.ints.between 1 1000;
          default = 7;
          example = 14;
          description = "Daily backups that are kept.";
        };
        weekly = mkOption {
          type = types.ints.between 0 1000;
          default = 5;
          example = 8;
          description = "Weekly backups that are kept.";
        };
        monthly = mkOption {
          type = types.ints.between 0 1000;
          default = 12;
          example = 24;
          description = "Monthly backups that are kept.";
        };
      };

      maxAgeHours = mkOption {
        type = types.ints.between 1 8760;
        default = 24;
        example = 48;
        description = "Hours after which the last good backup is too old.";
      };

      usb = {
        enable = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = "Whether a USB disk is mounted at /mnt/backup when it is needed.";
        };
        device = mkOption {
          type = types.path;
          default = "/dev/disk/by-label/hearth-backup";
          example = "/dev/disk/by-label/attic";
          description = "The disk, by its label.";
        };
        fsType = mkOption {
          type = types.enum [
            "ext4"
            "xfs"
            "btrfs"
          ];
          default = "ext4";
          example = "btrfs";
          description = "Its file system.";
        };
      };

      metricsDir = mkOption {
        type = types.path;
        default = "/var/lib/hearth-metrics";
        readOnly = true;
        internal = true;
        description = "Where backup and drill leave their figures for node exporter.";
      };
    };
  };
}
