# Mistakes about engines, each with its remedy.
{ config, lib, ... }:
let
  inherit (lib)
    attrNames
    concatLists
    concatMapStringsSep
    concatStringsSep
    elem
    filter
    filterAttrs
    hasPrefix
    length
    mapAttrsToList
    mkIf
    optional
    ;
  cfg = config.services.hearth;
  names = import ../../lib/names.nix { inherit lib; };

  manifest = (lib.importTOML ../../../app/hearth/inference/models/models.toml).model;
  known = purpose: map (model: model.name) (filter (model: model.purpose == purpose) manifest);
  listed =
    purpose: if known purpose == [ ] then "none of this kind" else concatStringsSep ", " (known purpose);

  local = filterAttrs (_: engine: engine.url == null) cfg.engines;
  asks = name: pod: pod.enable && elem name (names.enginesOf cfg.engines pod);
  podsOf = name: attrNames (filterAttrs (_: asks name) cfg.pods);
  others = name: lib.remove name (attrNames cfg.engines);
  numbers = concatMapStringsSep ", " toString;

  each = engines: check: concatLists (mapAttrsToList check engines);

  models =
    name: engine:
    let
      model = option: purpose: value: {
        assertion = elem value (known purpose);
        message = ''
          services.hearth.engines.${name}.${option}: no manifest knows the ${purpose} model
          "${value}". Known: ${listed purpose}.
        '';
      };
    in
    [
      (model "chatModel" "chat" engine.chatModel)
      (model "embeddingModel" "embedding" engine.embeddingModel)
    ]
    ++ optional (engine.routingModel != null) (model "routingModel" "chat" engine.routingModel)
    ++ optional (engine.rerankModel != null) (model "rerankModel" "rerank" engine.rerankModel)
    ++ map (model "models" "chat") (attrNames engine.models)
    ++ optional (engine.models ? ${engine.chatModel}) {
      assertion = false;
      message = ''
        services.hearth.engines.${name}.models names "${engine.chatModel}", which is its chat model. Say
        how that is loaded by the engine's own options (context, parallel, gpus, …), and leave it out
        of models.
      '';
    };

  # What a model is given of its engine's GPUs; all of them when it says nothing.
  given =
    engine: place: option: gpus: tensorSplit:
    let
      foreign = lib.subtractLists engine.gpus gpus;
      seen = length (if gpus == [ ] then engine.gpus else gpus);
    in
    [
      {
        assertion = foreign == [ ];
        message = ''
          services.hearth.engines.${place}.${option}: the engine has not the GPU ${numbers foreign}. ${
            if engine.gpus == [ ] then "It has none" else "It has ${numbers engine.gpus}"
          }: add it to the engine's `gpus`, or leave it out here.
        '';
      }
      {
        assertion = elem (length tensorSplit) [
          0
          seen
        ];
        message = ''
          services.hearth.engines.${place}.tensorSplit has ${toString (length tensorSplit)} shares for
          ${toString seen} GPUs. Give each of `${option}` its share, or leave tensorSplit out.
        '';
      }
    ];

  gpus =
    name: engine:
    given engine name (if engine.chatGpus == [ ] then "gpus" else "chatGpus") engine.chatGpus engine.tensorSplit
    ++ each engine.models (
      model: chosen: given engine "${name}.models.${model}" "gpus" chosen.gpus chosen.tensorSplit
    );

  fallback = name: engine: [
    {
      assertion = engine.fallback == null || elem engine.fallback (others name);
      message = ''
        services.hearth.engines.${name}.fallback: ${
          if engine.fallback == name then
            "an engine cannot stand in for itself"
          else
            "there is no engine \"${toString engine.fallback}\""
        }. ${
          if others name == [ ] then
            "There is no other engine: add one, or leave fallback out"
          else
            "Name one of ${concatStringsSep ", " (others name)}, or leave fallback out"
        }.
      '';
    }
    {
      assertion = podsOf name == [ ] || engine.url == null || hasPrefix "unix://" engine.url;
      message = ''
        services.hearth.engines.${name}.url: the pods ${concatStringsSep ", " (podsOf name)} have
        no network, and reach nothing but Unix sockets. Serve it at unix:///PATH, as
        services.hearth.containers does, or lead a socket to it with systemd-socket-proxyd.
      '';
    }
  ];

  handed = each (filterAttrs (_: engine: !engine.shareGpus) local) (
    name: engine: map (gpu: { inherit name gpu; }) engine.gpus
  );
  twice = filterAttrs (_: uses: length uses > 1) (lib.groupBy (use: toString use.gpu) handed);
in
{
  assertions = mkIf cfg.enable (
    each local models
    ++ each local gpus
    ++ each cfg.engines fallback
    ++ mapAttrsToList (gpu: uses: {
      assertion = false;
      message = ''
        services.hearth.engines: GPU ${gpu} is given to ${
          concatMapStringsSep " and to " (use: use.name) uses
        }. Give it to one of them, or set shareGpus = true in all of them.
      '';
    }) twice
  );
}
