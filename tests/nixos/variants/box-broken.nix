# An update that is not well: the switch goes through, the databases are brought one revision further,
# and the program of one pod never answers.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  programs = [
    "hub"
    "pod-family"
    "pod-finance"
    "pod-health"
    "pod-study"
  ];
  later = lib.genAttrs (
    map (program: "hearth-${program}") programs ++ map (program: "hearth-migrate-${program}") programs
  ) (_: { environment.PYTHONPATH = "/var/lib/hearth-broken"; });
in
{
  imports = [ ./box-with-health.nix ];

  systemd.services = lib.mkMerge [
    later
    {
      hearth-pod-study.serviceConfig = {
        Type = lib.mkForce "exec";
        WatchdogSec = lib.mkForce 0;
        ExecStart = lib.mkForce "${pkgs.coreutils}/bin/sleep infinity";
      };
      # What will not become well need not be waited for; the settings stay those of the other.
      hearth-health.serviceConfig.ExecStart = lib.mkForce "${config.services.hearth.package}/bin/hearth health --wait 30 --config /etc/hearth/hearth.toml";
    }
  ];
}
