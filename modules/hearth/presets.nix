# What each kind of pod starts with. A pod's own options override its preset, and a client may
# override a preset for all pods of its kind.
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.services.hearth.presets = mkOption {
    description = "What a pod of each kind starts with.";
    example = {
      family.persona = "Speaks plainly and briefly.";
    };
    type = types.attrsOf (
      types.submodule {
        options = {
          title = mkOption {
            type = types.nullOr types.str;
            default = null;
            description = "Name that members see.";
          };
          tools = mkOption {
            type = types.listOf types.str;
            default = [
              "calendar"
              "ledger"
              "documents"
              "notes"
            ];
            description = "Tool folders that the pod may use.";
          };
          persona = mkOption {
            type = types.nullOr types.str;
            default = null;
            description = "A sentence on how the pod speaks.";
          };
        };
      }
    );
  };

  config.services.hearth.presets = lib.mapAttrs (_: lib.mapAttrs (_: lib.mkDefault)) {
    custom = { };
    family = {
      title = "Family";
      tools = [
        "calendar"
        "documents"
        "notes"
      ];
    };
    finance = {
      title = "Finance";
      tools = [
        "ledger"
        "documents"
        "notes"
      ];
    };
    study = {
      title = "Study";
      tools = [
        "calendar"
        "documents"
        "notes"
      ];
    };
    health = {
      title = "Health";
      tools = [
        "calendar"
        "documents"
        "notes"
      ];
      persona = "Quotes the household's own papers and leaves medical advice to doctors.";
    };
    creator = {
      title = "Creator";
      tools = [
        "documents"
        "notes"
      ];
    };
  };
}
