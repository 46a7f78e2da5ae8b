# Backups: each program lays out a consistent copy of its own data, one unit that sees nothing but
# these copies stores them, and once a week a drill proves that they can be restored.
{
  config,
  lib,
  ...
}:
let
  inherit (lib)
    attrValues
    concatMap
    hasPrefix
    mapAttrs'
    mkDefault
    mkIf
    mkMerge
    nameValuePair
    optional
    unique
    ;
  cfg = config.services.hearth;
  backup = cfg.backup;
  inherit (import ./places.nix { inherit lib cfg; })
    folders
    isFolder
    isSftp
    names
    onDataDisk
    pods
    sftpPort
    user
    ;

  notInStore = option: value: {
    assertion = value == null || !hasPrefix builtins.storeDir value;
    message = ''
      services.hearth.backup.${option}: everyone on the box can read the Nix store. Name a file
      outside it as a string, such as "/run/secrets/${option}".
    '';
  };
in
{
  imports = [
    ./options.nix
    ./schedule.nix
    ./snapshots.nix
    ./units.nix
  ];

  config = mkIf (cfg.enable && backup.enable) {
    assertions = [
      (notInStore "passwordFile" backup.passwordFile)
      (notInStore "environmentFile" backup.environmentFile)
      {
        assertion = isFolder || cfg.network.uplink != "none" || hasPrefix "rclone:" backup.repository;
        message = ''
          services.hearth.backup.repository: it lies on another machine, and
          services.hearth.network.uplink = "none" lets nobody out. Use a folder, or uplink = "updates".
        '';
      }
      {
        assertion = backup.environmentFile == null -> !hasPrefix "s3:" backup.repository;
        message = ''
          services.hearth.backup.environmentFile: an S3 store needs AWS_ACCESS_KEY_ID and
          AWS_SECRET_ACCESS_KEY. Put both into a file on the box and name it here.
        '';
      }
    ];
    warnings = optional onDataDisk ''
      services.hearth.backup.repository: ${backup.repository} lies on the same disk as the data. When
      that disk breaks, both are gone. Use a USB disk (services.hearth.backup.usb.enable) or another
      machine.
    '';

    services.hearth = {
      settings = {
        credentials_dir = mkDefault cfg.credentialsDir;
        backup = {
          repository = mkDefault backup.repository;
          folders = mkDefault folders;
          password_file = mkIf (backup.passwordFile != null) (mkDefault backup.passwordFile);
          environment_file = mkIf (backup.environmentFile != null) (mkDefault backup.environmentFile);
          login = mkIf isSftp (mkDefault "backup-login");
          environment = mkIf (backup.environmentFile != null) (mkDefault "backup-environment");
          keep_daily = mkDefault backup.retention.daily;
          keep_weekly = mkDefault backup.retention.weekly;
          keep_monthly = mkDefault backup.retention.monthly;
          max_age_hours = mkDefault backup.maxAgeHours;
          metrics_dir = mkDefault backup.metricsDir;
        };
      };
      state = mkMerge [
        {
          hub = {
            program = "hub";
            folders = [ "${cfg.dataDir}/hub" ];
            before = [ "hearth-snapshot-hub.service" ];
          };
          knowledge.folders = [ "${cfg.dataDir}/knowledge" ];
          outputs.folders = [ "${cfg.dataDir}/outputs" ];
        }
        (mapAttrs' (
          name: pod:
          nameValuePair (names.podProgram name) {
            program = names.podProgram name;
            folders = [ pod.directory ];
            place = "${cfg.dataDir}/pods/${name}";
            before = [ "hearth-snapshot-${names.podProgram name}.service" ];
          }
        ) pods)
      ];
      network.uplinkUsers = optional (!isFolder) user;
      network.uplinkPorts = mkIf isSftp { ${user} = sftpPort; };
    };

    users.users.${user} = {
      isSystemUser = true;
      group = user;
      home = "/var/lib/hearth-backup";
      # The household's folders may be closed to all but the groups that its pods read them with.
      extraGroups = unique (concatMap (pod: pod.sourceGroups) (attrValues pods));
    };
    users.groups.${user} = { };
  };
}
