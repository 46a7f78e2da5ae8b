# hearth-hub: the front door. Caddy reaches it on a Unix socket; it has no network of its own.
{
  config,
  lib,
  ...
}:
let
  inherit (lib)
    attrNames
    filterAttrs
    mkIf
    mkOption
    types
    ;
  cfg = config.services.hearth;
  names = import ../lib/names.nix { inherit lib; };
  hardening = import ../lib/hardening.nix { inherit lib; };
  service = import ../lib/service.nix { inherit lib names; };

  pods = attrNames (filterAttrs (_: pod: pod.enable) cfg.pods);
  podSockets = map (pod: "${names.socketUnit (names.podProgram pod) "hub"}.socket") pods;

  walls = hardening.isolated // {
    User = names.user "hub";
    Group = names.user "hub";
    # Accounts and sessions, and the doors of the pods; never a pod's files.
    TemporaryFileSystem = hardening.emptied [ cfg.dataDir ];
    BindPaths = [ "${cfg.dataDir}/hub" ];
    # The folder, not each socket: one that is made anew is found again.
    BindReadOnlyPaths = hardening.reports ++ [ names.runtimeDir ];
    NoExecPaths = hardening.notExecutable [
      "${cfg.dataDir}/hub"
      names.runtimeDir
    ];
  };
in
{
  options.services.hearth = {
    opsGroup = mkOption {
      type = types.str;
      default = "root";
      internal = true;
      description = "Group that may read every program's health and metrics.";
    };
    webGroup = mkOption {
      type = types.str;
      default = "root";
      internal = true;
      description = "Group of what stands before the hub.";
    };
  };

  config = mkIf cfg.enable {
    users.users.${names.user "hub"} = {
      isSystemUser = true;
      group = names.user "hub";
    };
    users.groups.${names.user "hub"} = { };

    systemd.services.hearth-migrate-hub = {
      description = "Hearth: bring the hub's database to this version";
      serviceConfig = walls // {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${cfg.package}/bin/python -m hearth.services.migrate --hub --config /etc/hearth/hearth.toml";
      };
    };

    systemd.services.hearth-hub = lib.mkMerge [
      (service.program {
        program = "hub";
        callers = [
          "web"
          "console"
          "ops"
        ];
      })
      {
        description = "Hearth: the hub";
        requires = [
          "hearth-keys.service"
          "hearth-migrate-hub.service"
        ];
        wants = podSockets;
        after = [
          "hearth-keys.service"
          "hearth-migrate-hub.service"
        ]
        ++ podSockets;
        serviceConfig = walls // {
          ExecStart = "${cfg.package}/bin/python -m hearth.services.hub --config /etc/hearth/hearth.toml";
          LoadCredentialEncrypted = map (
            pod: "grant-key-${pod}:${cfg.credentialsDir}/grant-key-${pod}"
          ) pods;
          MemoryMax = "1G";
          # See pods.nix: a limit on memory alone only moves a program into the swap.
          MemorySwapMax = "256M";
          TasksMax = 128;
        };
      }
    ];

    systemd.sockets = lib.listToAttrs [
      (names.socket {
        program = "hub";
        caller = "web";
        group = cfg.webGroup;
      })
      # Whoever may open this one is believed to be any member: root alone.
      (names.socket {
        program = "hub";
        caller = "console";
        group = "root";
        mode = "0600";
      })
      (names.socket {
        program = "hub";
        caller = "ops";
        group = cfg.opsGroup;
      })
    ];

    systemd.tmpfiles.settings."10-hearth"."${cfg.dataDir}/hub".d = {
      mode = "0700";
      user = names.user "hub";
      group = names.user "hub";
    };
  };
}
