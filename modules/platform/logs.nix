# The journal: kept over restarts, and never the reason for a full disk.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.services.hearth;
  size = types.strMatching "[0-9]+[KMGT]";
in
{
  options.services.hearth.logs = {
    maxSize = mkOption {
      type = size;
      default = "1G";
      example = "500M";
      description = "Most room that the journal takes on the disk.";
    };
    keepFree = mkOption {
      type = size;
      default = "2G";
      example = "4G";
      description = "Room on the disk that the journal leaves to others.";
    };
    maxAge = mkOption {
      type = types.strMatching "[0-9]+(day|week|month)s?";
      default = "3months";
      example = "2weeks";
      description = "How long an entry is kept.";
    };
  };

  config = mkIf cfg.enable {
    # A file of ours, since NixOS's option for this text has had two names.
    environment.etc."systemd/journald.conf.d/hearth.conf".text = ''
      [Journal]
      Storage=persistent
      SystemMaxUse=${cfg.logs.maxSize}
      SystemKeepFree=${cfg.logs.keepFree}
      RuntimeMaxUse=64M
      MaxRetentionSec=${cfg.logs.maxAge}
      # One noisy unit loses lines of its own, and nobody else's.
      RateLimitIntervalSec=30s
      RateLimitBurst=2000
    '';
  };
}
