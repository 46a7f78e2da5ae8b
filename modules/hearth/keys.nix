# hearth-keys: a key for each pod, which only the hub and this pod can read. It is encrypted for
# this machine (by its TPM where there is one) and never leaves it: a restored box makes new ones.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.services.hearth;
  hardening = import ../lib/hardening.nix { inherit lib; };
in
{
  options.services.hearth.credentialsDir = mkOption {
    type = types.path;
    default = "/var/lib/hearth/credentials";
    description = "Where the encrypted keys of the pods lie.";
  };

  config = mkIf cfg.enable {
    systemd.services.hearth-keys = {
      description = "Hearth: a key for each pod";
      path = [ config.systemd.package ];
      serviceConfig = hardening.isolated // {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${cfg.package}/bin/hearth keys make --encrypted --into ${cfg.credentialsDir} --config /etc/hearth/hearth.toml";
        StateDirectory = "hearth hearth/credentials";
        StateDirectoryMode = "0700";
        NoExecPaths = hardening.notExecutable [
          "/var/lib/hearth"
          "/var/lib/hearth/credentials"
          "-/var/lib/systemd"
        ];
        # It seals with the machine's own key, which root alone reads, and with its TPM.
        PrivateUsers = false;
        PrivateDevices = false;
        DeviceAllow = [ "/dev/tpmrm0 rw" ];
        ReadWritePaths = [ "-/var/lib/systemd" ];
      };
    };
  };
}
