# What tells Prometheus of the machine itself. All of it listens on loopback alone.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkIf optional;
  cfg = config.services.hearth;
  monitoring = cfg.monitoring;
  hardening = import ../../lib/hardening.nix { inherit lib; };

  onLoopback = {
    IPAddressDeny = "any";
    IPAddressAllow = "localhost";
  };
in
{
  config = mkIf (cfg.enable && monitoring.enable) {
    services.prometheus.exporters = {
      node = {
        enable = true;
        listenAddress = "127.0.0.1";
        enabledCollectors = [ "systemd" ];
        # It would need to be let at the clock.
        disabledCollectors = [ "timex" ];
        extraFlags = [
          "--collector.systemd.enable-restarts-metrics"
          "--collector.systemd.unit-include=.+[.](service|socket|timer)"
          "--collector.filesystem.fs-types-exclude=^(autofs|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|fusectl|hugetlbfs|mqueue|nsfs|overlay|proc|pstore|ramfs|securityfs|squashfs|sysfs|tmpfs|tracefs)"
        ]
        ++ optional cfg.backup.enable "--collector.textfile.directory=${cfg.backup.metricsDir}";
      };
      smartctl = mkIf monitoring.smart {
        enable = true;
        listenAddress = "127.0.0.1";
        # A disk that sleeps is not woken every minute.
        maxInterval = "10m";
      };
    };

    # What the alerts about disks say to type.
    environment.systemPackages = optional monitoring.smart pkgs.smartmontools;

    systemd.services = {
      prometheus-node-exporter.serviceConfig =
        hardening.networked
        // onLoopback
        // {
          # The whole machine is what it measures.
          ProcSubset = "all";
          MemoryMax = "256M";
          TasksMax = 64;
        };
      prometheus-smartctl-exporter = mkIf monitoring.smart {
        # It commands the disks: their devices and its two capabilities are nixpkgs' own.
        serviceConfig =
          hardening.networked
          // onLoopback
          // {
            PrivateUsers = false;
            InaccessiblePaths = [ "-${cfg.dataDir}" ];
            MemoryMax = "256M";
            TasksMax = 64;
          };
      };

      hearth-gpu-exporter = mkIf monitoring.gpu {
        description = "Hearth: what the GPUs do, for Prometheus";
        wantedBy = [ "multi-user.target" ];
        serviceConfig =
          hardening.networked
          // onLoopback
          // {
            ExecStart = lib.concatStringsSep " " [
              "${pkgs.prometheus-nvidia-gpu-exporter}/bin/nvidia_gpu_exporter"
              "--web.listen-address=127.0.0.1:9835"
              "--nvidia-smi-command=${config.hardware.nvidia.package.bin}/bin/nvidia-smi"
            ];
            DynamicUser = true;
            Restart = "always";
            RestartSec = "10s";
            InaccessiblePaths = [ "-${cfg.dataDir}" ];
            # nvidia-smi reads the GPUs' state through their devices and from /proc/driver.
            PrivateDevices = false;
            DeviceAllow = [ "char-nvidia* rw" ];
            ProcSubset = "all";
            MemoryDenyWriteExecute = false;
            MemoryMax = "256M";
            TasksMax = 64;
          };
      };

      hearth-glances = mkIf monitoring.glances {
        description = "Hearth: the running machine, for those on the box";
        wantedBy = [ "multi-user.target" ];
        serviceConfig =
          hardening.networked
          // onLoopback
          // {
            ExecStart = "${pkgs.glances}/bin/glances --webserver --bind 127.0.0.1 --disable-check-update --disable-autodiscover";
            DynamicUser = true;
            Restart = "always";
            RestartSec = "10s";
            InaccessiblePaths = [ "-${cfg.dataDir}" ];
            # Other programs are what it shows.
            ProtectProc = "default";
            ProcSubset = "all";
            MemoryMax = "256M";
            TasksMax = 64;
          };
      };
    };
  };
}
