# Each program lays out a consistent copy of its own data, for the backup to fetch.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mapAttrs' mkIf nameValuePair;
  cfg = config.services.hearth;
  hardening = import ../../lib/hardening.nix { inherit lib; };
  places = import ./places.nix { inherit lib cfg; };
  inherit (places)
    names
    programs
    staging
    user
    ;

  # The programs' own walls, for the one moment in which their data is copied.
  snapshot =
    owner: state:
    nameValuePair "hearth-snapshot-${owner}" {
      description = "Hearth: a consistent copy of ${owner}";
      serviceConfig = hardening.isolated // {
        Type = "oneshot";
        User = names.user state.program;
        Group = names.user state.program;
        ExecStart = "${places.hearth} backup snapshot ${
          if owner == "hub" then "--hub" else "--pod ${lib.removePrefix "pod-" owner}"
        } ${places.settings}";
        TemporaryFileSystem = hardening.emptied [ cfg.dataDir ];
        BindPaths =
          lib.zipListsWith (from: to: "${from}:${to}") state.folders [ state.place ]
          ++ [ "${staging}/${owner}" ];
        NoExecPaths = hardening.notExecutable [
          state.place
          "${staging}/${owner}"
        ];
        # The copy, and nothing else, is handed to the group of the backup: the program must be in
        # that group, and may give files away and mark folders to hand their group down.
        SupplementaryGroups = [ user ];
        PrivateUsers = false;
        RestrictSUIDSGID = false;
        SystemCallFilter = [
          "@system-service"
          "~@privileged @resources @keyring"
          "@chown"
        ];
        Nice = 10;
        IOSchedulingClass = "idle";
        MemoryMax = "1G";
        TasksMax = 32;
        TimeoutStartSec = "1h";
      };
    };
in
{
  config = mkIf (cfg.enable && cfg.backup.enable) {
    systemd.services = mapAttrs' snapshot programs;

    # A copy belongs to who made it and hands its group down to the backup.
    systemd.tmpfiles.settings."10-hearth" = {
      ${staging} = places.tmpfiles "0755" "root";
    }
    // mapAttrs' (
      owner: state:
      nameValuePair "${staging}/${owner}" (places.tmpfiles "2750" (names.user state.program))
    ) programs;
  };
}
