# LlamaFarm as an engine: an OpenAI-compatible server in a container, instead of hearth-inference.
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
  llamafarm = cfg.llamafarm;
  names = import ../lib/names.nix { inherit lib; };
in
{
  options.services.hearth.llamafarm = {
    enable = mkEnableOption "LlamaFarm as another engine, in a container without a network";

    image = mkOption {
      type = types.str;
      example = "registry.example.org/llamafarm@sha256:0123…";
      description = "Its image, by digest or by a tag that does not move.";
    };

    engine = mkOption {
      type = types.strMatching "[a-z][a-z0-9-]{0,19}";
      default = "llamafarm";
      example = "large";
      description = "Name of the engine; the pods that name it are answered by LlamaFarm.";
    };

    model = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "default/household";
      description = "What LlamaFarm calls the model.";
    };

    port = mkOption {
      type = types.port;
      default = 14345;
      example = 8000;
      description = "Port of its server inside the container.";
    };
  };

  config = mkIf (cfg.enable && llamafarm.enable) {
    services.hearth.containers.llamafarm = {
      inherit (llamafarm) image port;
      address = mkDefault "10.213.7.10";
      volumes.data = mkDefault "/app/data";
      callers = lib.attrNames (
        lib.filterAttrs (
          _: pod: pod.enable && lib.elem llamafarm.engine (names.enginesOf cfg.engines pod)
        ) cfg.pods
      );
    };
    services.hearth.engines = lib.mkMerge [
      {
        ${llamafarm.engine} = {
          url = "unix:///run/hearth-containers/llamafarm.sock";
          externalModel = llamafarm.model;
        };
      }
      # An engine that is named takes the place of the one that is there by default, and other pods
      # may still want that.
      (mkIf (lib.any (pod: pod.enable && pod.engine == "default") (lib.attrValues cfg.pods)) {
        default = { };
      })
    ];
  };
}
