# Monitoring: Prometheus on loopback reads every program, the machine and the disks, and its alerts
# say what to do.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    any
    attrNames
    attrValues
    concatMapStrings
    filterAttrs
    literalExpression
    mkIf
    mkOption
    optional
    optionalString
    types
    ;
  cfg = config.services.hearth;
  monitoring = cfg.monitoring;
  names = import ../../lib/names.nix { inherit lib; };
  hardening = import ../../lib/hardening.nix { inherit lib; };
  prometheus = config.services.prometheus;
  exporters = prometheus.exporters;

  engines = attrNames (filterAttrs (_: engine: engine.url == null) cfg.engines);
  pods = attrNames (filterAttrs (_: pod: pod.enable) cfg.pods);
  telegram = attrNames (filterAttrs (_: pod: pod.enable && pod.telegram.enable) cfg.pods);

  # A program's name says what it is; the labels say it apart, so that no dashboard cuts up names.
  program = labels: name: ''
    - targets: ["127.0.0.1:${toString cfg.front.opsPort}"]
      labels: {__metrics_path__: /metrics/${name}, program: ${name}${labels}}
  '';
  programs =
    program ", kind: hub" "hub"
    + concatMapStrings (pod: program ", kind: pod, pod: ${pod}" (names.podProgram pod)) pods
    + concatMapStrings (
      engine: program ", kind: engine, engine: ${engine}" (names.engineProgram engine)
    ) engines
    + concatMapStrings (
      pod: program ", kind: telegram, pod: ${pod}" (names.telegramProgram pod)
    ) telegram;

  job = name: port: ''

    - job_name: ${name}
      static_configs:
        - targets: ["127.0.0.1:${toString port}"]
  '';

  indent = depth: text: lib.replaceStrings [ "\n" ] [ "\n${depth}" ] (lib.removeSuffix "\n" text);

  rules = [
    ./alerts/programs.yml
    ./alerts/box.yml
    ./alerts/front.yml
  ]
  ++ optional cfg.backup.enable ./alerts/backups.yml
  ++ optional monitoring.smart ./alerts/disks.yml;
in
{
  imports = [
    ./exporters.nix
    ./grafana.nix
    ./watch.nix
  ];

  options.services.hearth.monitoring = {
    enable = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the box watches itself. Nothing that it measures leaves the box.";
    };

    retentionDays = mkOption {
      type = types.ints.between 1 3650;
      default = 90;
      example = 365;
      description = "Days that measurements are kept.";
    };

    retentionSize = mkOption {
      type = types.strMatching "[0-9]+(MB|GB)";
      default = "4GB";
      example = "10GB";
      description = "Most room that measurements take.";
    };

    gpu = mkOption {
      type = types.bool;
      default = any (engine: engine.gpus != [ ]) (attrValues cfg.engines);
      defaultText = literalExpression "whether an engine was given a GPU";
      example = true;
      description = "Whether the GPUs are measured (NVIDIA).";
    };

    smart = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the disks are asked how they are (SMART). A virtual machine has none to ask.";
    };

    glances = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether glances shows the running machine at 127.0.0.1:61208, for those on the box.";
    };

    alerts.receiver = mkOption {
      type = types.nullOr (types.attrsOf types.anything);
      default = null;
      example = literalExpression ''
        { webhook_configs = [ { url = "http://nas.home.arpa:8080/hearth"; } ]; }
      '';
      description = ''
        Where alerts go beside the house's own pages, as one receiver of Alertmanager's
        configuration. The adults of the house read them there in any case.
      '';
    };
  };

  config = mkIf (cfg.enable && monitoring.enable) {
    assertions = [
      {
        assertion = cfg.front.enable;
        message = ''
          services.hearth.monitoring.enable: Prometheus reads the programs through Caddy. Set
          services.hearth.front.enable = true, or monitoring.enable = false.
        '';
      }
    ];

    # promtool, with which whoever looks after the box asks Prometheus.
    environment.systemPackages = [ prometheus.package.cli ];

    services.prometheus = {
      enable = true;
      listenAddress = "127.0.0.1";
      retentionTime = "${toString monitoring.retentionDays}d";
      extraFlags = [ "--storage.tsdb.retention.size=${monitoring.retentionSize}" ];
      configText = ''
        global:
          scrape_interval: 15s
          evaluation_interval: 15s

        rule_files:
        ${concatMapStrings (file: "  - ${file}\n") rules}
        ${optionalString (monitoring.alerts.receiver != null) ''
          alerting:
            alertmanagers:
              - static_configs:
                  - targets: ["127.0.0.1:${toString prometheus.alertmanager.port}"]
        ''}
        scrape_configs:
          # Each program's own socket, through Caddy.
          - job_name: hearth
            static_configs:
              ${indent "      " programs}

          - job_name: caddy
            metrics_path: /metrics/caddy
            static_configs:
              - targets: ["127.0.0.1:${toString cfg.front.opsPort}"]
        ${indent "  " (
          job "prometheus" prometheus.port
          + job "node" exporters.node.port
          + optionalString monitoring.smart (job "smart" exporters.smartctl.port)
          + optionalString monitoring.gpu (job "gpu" 9835)
        )}
      '';

      alertmanager = mkIf (monitoring.alerts.receiver != null) {
        enable = true;
        listenAddress = "127.0.0.1";
        # There is no second one to talk to, and so no port for it.
        extraFlags = [ "--cluster.listen-address=" ];
        configuration = {
          route = {
            receiver = "household";
            group_by = [ "alertname" ];
            group_wait = "1m";
            repeat_interval = "12h";
          };
          receivers = [ ({ name = "household"; } // monitoring.alerts.receiver) ];
        };
      };
    };

    systemd.services.prometheus.serviceConfig = hardening.networked // {
      IPAddressDeny = "any";
      IPAddressAllow = "localhost";
      ProtectSystem = lib.mkForce "strict";
      SystemCallFilter = [ "~@resources @keyring" ];
      NoExecPaths = hardening.notExecutable [
        "/dev/shm"
        "-/var/lib/${prometheus.stateDir}"
      ];
      InaccessiblePaths = [ "-${cfg.dataDir}" ];
      MemoryMax = "1G";
    };
  };
}
