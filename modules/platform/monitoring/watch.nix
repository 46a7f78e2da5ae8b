# hearth-watch: the hub has no network, so this one asks Prometheus what is wrong, looks at Caddy's
# certificates, and writes both down where the hub and `hearth doctor` read it.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkDefault mkIf mkMerge;
  cfg = config.services.hearth;
  names = import ../../lib/names.nix { inherit lib; };
  hardening = import ../../lib/hardening.nix { inherit lib; };
  service = import ../../lib/service.nix { inherit lib names; };
  user = names.user "watch";
  folder = "/var/lib/hearth-watch";
in
{
  config = mkIf (cfg.enable && cfg.monitoring.enable) {
    services.hearth.settings.monitoring = {
      prometheus = mkDefault "http://127.0.0.1:${toString config.services.prometheus.port}";
      report_dir = mkDefault folder;
      certificates = mkDefault ([ cfg.front.hostName ] ++ cfg.front.aliases);
    };

    users.users.${user} = {
      isSystemUser = true;
      group = user;
    };
    users.groups.${user} = { };

    systemd.services = {
      hearth-watch = mkMerge [
        (service.program {
          program = "watch";
          callers = [ ];
          # One look waits for several answers.
          watchdogSeconds = 120;
        })
        {
          description = "Hearth: tells the house what its monitoring says";
          after = [
            "prometheus.service"
            "caddy.service"
          ];
          serviceConfig = hardening.networked // {
            ExecStart = "${cfg.package}/bin/python -m hearth.services.watch --config /etc/hearth/hearth.toml";
            IPAddressDeny = "any";
            IPAddressAllow = "localhost";
            TemporaryFileSystem = hardening.emptied [ cfg.dataDir ];
            BindReadOnlyPaths = hardening.reports;
            NoExecPaths = hardening.notExecutable [ folder ];
            # The node exporter reads the certificates' ends here; the report is for a group alone.
            StateDirectory = "hearth-watch";
            StateDirectoryMode = "0755";
            MemoryMax = "128M";
            TasksMax = 16;
          };
        }
      ];
      hearth-hub.serviceConfig.SupplementaryGroups = [ user ];
    };

    services.prometheus.exporters.node.extraFlags = [ "--collector.textfile.directory=${folder}" ];
  };
}
