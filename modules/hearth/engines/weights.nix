# Models that come with the system rather than by `hearth models pull`.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    attrNames
    concatLists
    literalExpression
    mapAttrsToList
    mkIf
    mkOption
    nameValuePair
    types
    ;
  cfg = config.services.hearth;

  packaged =
    chosen:
    lib.attrValues (lib.filterAttrs (name: _: lib.elem name chosen) (pkgs.hearth.weights or { }));

  folder =
    weight: "${cfg.dataDir}/models/${lib.removePrefix "hearth-weights-" (lib.getName weight)}";
in
{
  options.services.hearth.engines = mkOption {
    type = types.attrsOf (
      types.submodule (
        { config, ... }:
        {
          options = {
            fromStore = mkOption {
              type = types.bool;
              default = false;
              description = ''
                Whether the models come with the system, by fixed hash, where Hearth has a package of
                them. Otherwise `hearth models pull` brings them.
              '';
            };
            weights = mkOption {
              type = types.listOf types.package;
              default = lib.optionals config.fromStore (
                packaged (
                  [
                    config.chatModel
                    config.embeddingModel
                    config.routingModel
                    config.rerankModel
                  ]
                  ++ attrNames config.models
                )
              );
              defaultText = literalExpression "if fromStore then the packages of its models else [ ]";
              example = literalExpression "[ pkgs.hearth.weights.all-minilm-l6-v2 ]";
              description = "Packages of models that lie in the models' folder, as if pulled.";
            };
          };
        }
      )
    );
  };

  # A model of the store lies where a pulled one would, and takes its place.
  config.systemd.tmpfiles.settings."10-hearth" = mkIf cfg.enable (
    lib.listToAttrs (
      map (weight: nameValuePair (folder weight) { "L+".argument = toString weight; }) (
        concatLists (mapAttrsToList (_: engine: engine.weights) cfg.engines)
      )
    )
  );
}
