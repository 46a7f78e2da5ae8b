# The unit that stores what was copied and sees nothing else, and the drill that proves it.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    attrNames
    hasPrefix
    mkForce
    mkIf
    mkMerge
    nameValuePair
    optional
    optionals
    ;
  cfg = config.services.hearth;
  backup = cfg.backup;
  hardening = import ../../lib/hardening.nix { inherit lib; };
  inherit (import ./places.nix { inherit lib cfg; })
    folders
    hearth
    hooks
    isFolder
    isSftp
    localEngines
    names
    onDataDisk
    programs
    records
    scratch
    settings
    staging
    tmpfiles
    user
    ;
  metrics = backup.metricsDir;
  # What the backup reads: the programs' copies, and the folders that need none.
  copies = map (owner: "${staging}/${owner}") (attrNames programs) ++ folders;

  # The secrets that the box makes for them.
  made = optional (backup.passwordFile == null) "backup-password" ++ optional isSftp "backup-login";

  # What the backup and the drill have in common: the repository and its secrets.
  walls = (if isFolder then hardening.isolated else hardening.networked) // {
    Type = "oneshot";
    User = user;
    Group = user;
    TemporaryFileSystem = hardening.emptied [ cfg.dataDir ];
    BindReadOnlyPaths = hardening.reports ++ optionals (!isFolder) hardening.resolvers;
    BindPaths = [
      records
      metrics
    ];
    ReadWritePaths = optional (isFolder && !onDataDisk) backup.repository;
    CacheDirectory = "hearth-backup";
    CacheDirectoryMode = "0700";
    StateDirectory = "hearth-backup";
    StateDirectoryMode = "0700";
    NoExecPaths = hardening.notExecutable (
      [
        records
        metrics
        "/var/cache/hearth-backup"
        "/var/lib/hearth-backup"
      ]
      ++ (if isFolder then [ backup.repository ] else hardening.resolvers)
    );
    # What the box serves to itself alone is no repository; only names may be asked for there.
    IPAddressDeny = if isFolder then "any" else "localhost";
    IPAddressAllow = optionals (!isFolder) [
      "127.0.0.53"
      "127.0.0.54"
    ];
    LoadCredential =
      optional (backup.passwordFile != null) "backup-password:${backup.passwordFile}"
      ++ optional (backup.environmentFile != null) "backup-environment:${backup.environmentFile}";
    LoadCredentialEncrypted = map (name: "${name}:${cfg.credentialsDir}/${name}") made;
    Nice = 10;
    IOSchedulingClass = "idle";
    TimeoutStartSec = "12h";
  };
  common = {
    path = [
      pkgs.restic
    ]
    ++ optional isSftp pkgs.openssh
    ++ optional (hasPrefix "rclone:" backup.repository) pkgs.rclone;
    wants = optional (!isFolder) "network-online.target";
    requires = optional (made != [ ]) "hearth-keys.service";
    unitConfig.RequiresMountsFor = [ cfg.dataDir ] ++ optional isFolder backup.repository;
  };
  after = optional (!isFolder) "network-online.target" ++ [ "hearth-keys.service" ];

  # A first repository in a folder is made by itself. A second never is: a disk that lost its
  # backups must be noticed.
  firstRepository = pkgs.writeShellScript "hearth-first-repository" ''
    if [ ! -e ${records}/backup.json ] && [ ! -e ${backup.repository}/config ]; then
      exec ${hearth} backup init ${settings}
    fi
  '';
  # A disk that was just plugged in belongs to root; '+' makes the folder before the walls stand.
  ownFolder = "+${pkgs.coreutils}/bin/install -d -m 0700 -o ${user} -g ${user} ${backup.repository}";
in
{
  config = mkIf (cfg.enable && backup.enable) {
    systemd.services = {
      # It tells the household what became of the last backup and drill; the repository beside these
      # records is the backup's alone.
      hearth-hub.serviceConfig = {
        BindReadOnlyPaths = [ records ];
        NoExecPaths = [ records ];
      };

      hearth-backup = mkMerge [
        common
        {
          description = "Hearth: store what was copied";
          # A copy that failed is a failed unit and an alert of its own; the backup then refuses
          # what is missing or too old by itself.
          wants = hooks;
          after = after ++ hooks;
          serviceConfig = walls // {
            ExecStartPre = optionals isFolder [
              ownFolder
              firstRepository
            ];
            ExecStart = "${hearth} backup run --staged ${settings}";
            BindReadOnlyPaths = walls.BindReadOnlyPaths ++ copies;
            BindPaths = walls.BindPaths ++ optional onDataDisk backup.repository;
            NoExecPaths = walls.NoExecPaths ++ copies;
            # It writes down whose the household's files are, and sees that only without a map of
            # users of its own.
            PrivateUsers = false;
            MemoryMax = "2G";
            TasksMax = 64;
          };
        }
      ];

      hearth-drill = mkMerge [
        common
        {
          description = "Hearth: restore the newest backup aside, compare it and ask it";
          after = after ++ [ "hearth-backup.service" ];
          wants = map (engine: "${names.socketUnit (names.engineProgram engine) "drill"}.socket") localEngines;
          serviceConfig = walls // {
            ExecStart = "${hearth} drill ${settings}";
            BindPaths = walls.BindPaths ++ [ scratch ] ++ optional onDataDisk backup.repository;
            NoExecPaths = walls.NoExecPaths ++ [ scratch ];
            BindReadOnlyPaths =
              walls.BindReadOnlyPaths
              ++ map (engine: "-${names.socketPath (names.engineProgram engine) "drill"}") localEngines;
            # The restored pods run inside this unit.
            MemoryMax = "4G";
            TasksMax = 512;
          };
        }
      ];
    };

    # The drill runs as the backup's user.
    systemd.sockets = lib.listToAttrs (
      map (
        engine:
        nameValuePair (names.socketUnit (names.engineProgram engine) "drill") {
          socketConfig.SocketGroup = mkForce user;
        }
      ) localEngines
    );

    systemd.tmpfiles.settings."10-hearth" = {
      ${records} = tmpfiles "0755" user;
      ${scratch} = tmpfiles "0700" user;
      ${metrics} = tmpfiles "0755" user;
      "${cfg.dataDir}/backups/repository" = mkIf onDataDisk (tmpfiles "0700" user);
    };
  };
}
