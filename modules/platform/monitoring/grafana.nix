# Grafana, by option: the same measurements as pictures, at https://HOSTNAME/monitoring, with a
# sign-in of its own and no word to anyone outside.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    literalExpression
    mkEnableOption
    mkIf
    mkOption
    types
    ;
  cfg = config.services.hearth;
  grafana = cfg.monitoring.grafana;
  hardening = import ../../lib/hardening.nix { inherit lib; };
  secret = name: "$__file{/run/credentials/grafana.service/${name}}";
  secrets = "/var/lib/hearth-grafana";
in
{
  options.services.hearth.monitoring.grafana = {
    enable = mkEnableOption "Grafana, with dashboards of the box, its models, pods and backups";

    dashboards = mkOption {
      type = types.package;
      default = pkgs.hearth.dashboards;
      defaultText = literalExpression "pkgs.hearth.dashboards";
      description = "Folder of dashboards as JSON files.";
    };
  };

  config = mkIf (cfg.enable && cfg.monitoring.enable && grafana.enable) {
    services.hearth.front.routes = ''
      @monitoring path /monitoring /monitoring/*
      handle @monitoring {
        reverse_proxy 127.0.0.1:3000
      }
    '';

    services.grafana = {
      enable = true;
      settings = {
        server = {
          http_addr = "127.0.0.1";
          http_port = 3000;
          domain = cfg.front.hostName;
          root_url = "https://${cfg.front.hostName}/monitoring/";
          serve_from_sub_path = true;
        };
        security = {
          admin_user = "admin";
          admin_password = secret "admin-password";
          secret_key = secret "secret-key";
          cookie_secure = true;
          cookie_samesite = "strict";
          content_security_policy = true;
          disable_gravatar = true;
        };
        "auth.anonymous".enabled = false;
        # Its figures of itself would be told at /monitoring/metrics to whoever asks.
        metrics.enabled = false;
        users = {
          allow_sign_up = false;
          default_theme = "system";
        };
        # Nothing is asked for and nothing is told outside.
        analytics = {
          reporting_enabled = false;
          check_for_updates = false;
          check_for_plugin_updates = false;
          feedback_links_enabled = false;
        };
        news.news_feed_enabled = false;
        snapshots.external_enabled = false;
        plugins = {
          plugin_admin_enabled = false;
          preinstall_disabled = true;
          public_key_retrieval_disabled = true;
        };
        # Prometheus alerts; one place is enough.
        unified_alerting.enabled = false;
      };
      provision = {
        enable = true;
        datasources.path = pkgs.writeText "hearth-datasources.yaml" ''
          apiVersion: 1
          datasources:
            - name: Prometheus
              uid: prometheus
              type: prometheus
              access: proxy
              url: http://127.0.0.1:${toString config.services.prometheus.port}
              isDefault: true
              editable: false
              jsonData:
                timeInterval: 15s
        '';
        dashboards.path = pkgs.writeText "hearth-dashboards.yaml" ''
          apiVersion: 1
          providers:
            - name: Hearth
              folder: Hearth
              type: file
              disableDeletion: true
              allowUiUpdates: false
              options:
                path: ${grafana.dashboards}
        '';
      };
    };

    systemd.services.hearth-grafana-secrets = {
      description = "Hearth: Grafana's first password and its key";
      serviceConfig = hardening.isolated // {
        Type = "oneshot";
        RemainAfterExit = true;
        StateDirectory = "hearth-grafana";
        StateDirectoryMode = "0700";
        NoExecPaths = hardening.notExecutable [ secrets ];
        InaccessiblePaths = [ "-${cfg.dataDir}" ];
        ExecStart = pkgs.writeShellScript "hearth-grafana-secrets" ''
          set -eu
          for name in admin-password secret-key; do
            if [ ! -s ${secrets}/$name ]; then
              ${pkgs.coreutils}/bin/head --bytes=24 /dev/urandom | ${pkgs.coreutils}/bin/base64 --wrap=0 > ${secrets}/$name.new
              ${pkgs.coreutils}/bin/mv ${secrets}/$name.new ${secrets}/$name
            fi
          done
        '';
      };
    };

    systemd.services.grafana = {
      requires = [ "hearth-grafana-secrets.service" ];
      after = [ "hearth-grafana-secrets.service" ];
      serviceConfig = hardening.networked // {
        LoadCredential = [
          "admin-password:${secrets}/admin-password"
          "secret-key:${secrets}/secret-key"
        ];
        IPAddressDeny = "any";
        IPAddressAllow = "localhost";
        InaccessiblePaths = [ "-${cfg.dataDir}" ];
        # Its own folder alone, and no plugin in it: those are programs.
        ProtectSystem = lib.mkForce "strict";
        ReadWritePaths = [ config.services.grafana.dataDir ];
        NoExecPaths = hardening.notExecutable [
          "/dev/shm"
          config.services.grafana.dataDir
        ];
        SystemCallFilter = [ "~@resources @keyring" ];
        # It measures itself against the machine's clock ticks.
        ProcSubset = "all";
        MemoryMax = "1G";
      };
    };
  };
}
