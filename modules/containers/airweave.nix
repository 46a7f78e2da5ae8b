# Airweave's server in a container, for connectors that fetch into a pod's folders. It needs a
# database and more beside it: these are further services.hearth.containers on the same network.
{
  config,
  lib,
  ...
}:
let
  inherit (lib)
    mkDefault
    mkEnableOption
    mkIf
    mkOption
    types
    ;
  cfg = config.services.hearth;
  airweave = cfg.airweave;
in
{
  options.services.hearth.airweave = {
    enable = mkEnableOption "Airweave's server, in a container without a network";

    image = mkOption {
      type = types.str;
      example = "registry.example.org/airweave-backend@sha256:0123…";
      description = "Its image, by digest or by a tag that does not move.";
    };

    port = mkOption {
      type = types.port;
      default = 8001;
      example = 8001;
      description = "Port of its server inside the container.";
    };

    callers = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "study" ];
      description = "Pods that may call it, at /run/hearth-containers/airweave.sock.";
    };
  };

  config = mkIf (cfg.enable && airweave.enable) {
    services.hearth.containers.airweave = {
      inherit (airweave) image port callers;
      address = mkDefault "10.213.7.20";
    };
  };
}
