# The one file that every program reads, rendered from the options.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    attrNames
    filterAttrs
    genAttrs
    mapAttrs
    mkDefault
    mkIf
    mkOption
    ;
  cfg = config.services.hearth;
  names = import ../lib/names.nix { inherit lib; };
  format = pkgs.formats.toml { };
  given = filterAttrs (_: value: value != null && value != { } && value != [ ]);

  file = format.generate "hearth.toml" cfg.settings;
  pods = map names.podProgram (attrNames (filterAttrs (_: pod: pod.enable) cfg.pods));
  engines = map names.engineProgram (attrNames (filterAttrs (_: engine: engine.url == null) cfg.engines));
  migrations = map (program: "migrate-${program}") ([ "hub" ] ++ pods);

  # How a model is loaded. Who is given no GPUs of its own may see all that the engine has.
  loading = engine: gpus: chosen: {
    inherit (chosen) context parallel;
    gpus = if gpus == [ ] then engine.gpus else gpus;
    gpu_layers = chosen.gpuLayers;
    tensor_split = chosen.tensorSplit;
  };

  engine =
    _: chosen:
    given (
      loading chosen chosen.chatGpus chosen
      // {
        chat_model = chosen.chatModel;
        embedding_model = chosen.embeddingModel;
        routing_model = chosen.routingModel;
        rerank_model = chosen.rerankModel;
        models = mapAttrs (
          _: model: given (loading chosen model.gpus model // { inherit (model) stays; })
        ) chosen.models;
        # A path of the configuration is copied into the store.
        adapters = mapAttrs (_: path: "${path}") chosen.adapters;
        share_instructions = chosen.shareInstructions;
        external_model = chosen.externalModel;
        inherit (chosen)
          fallback
          memory
          queue
          threads
          url
          ;
      }
    );

  minutes =
    time:
    let
      parts = builtins.match "([0-9]+)(min|h|d)" time;
      unit = {
        min = 1;
        h = 60;
        d = 1440;
      };
    in
    lib.toIntBase10 (lib.head parts) * unit.${lib.last parts};

  connector =
    chosen:
    given {
      inherit (chosen) kind;
      every_minutes = minutes chosen.every;
      # A path of the configuration is copied into the store, where a certificate may lie.
      ca_file = if chosen.caFile == null then null else "${chosen.caFile}";
    };

  pod =
    _: chosen:
    given {
      inherit (chosen)
        kind
        title
        adapter
        engine
        tools
        persona
        ;
      # Inside the pod's unit its sources lie here, read-only (see pods.nix).
      sources = mapAttrs (_: toString) chosen.sources;
      connectors = mapAttrs (_: connector) chosen.connectors;
      file_bytes = chosen.fileBytes;
    };
in
{
  options.services.hearth.settings = mkOption {
    inherit (format) type;
    default = { };
    example = {
      hub.turns_per_minute = 60;
    };
    description = ''
      The settings file, /etc/hearth/hearth.toml. The other options fill it; any key of
      docs/configuration.md can be set or overridden here.
    '';
  };

  config = mkIf cfg.enable {
    services.hearth.settings = {
      zone = mkDefault cfg.zone;
      currency = mkDefault cfg.currency;
      state_dir = mkDefault cfg.dataDir;
      models_dir = mkDefault "${cfg.dataDir}/models";
      runtime_dir = mkDefault names.runtimeDir;
      engines = mapAttrs (name: chosen: mapAttrs (_: mkDefault) (engine name chosen)) cfg.engines;
      pods = mapAttrs (name: chosen: mapAttrs (_: mkDefault) (pod name chosen)) (
        filterAttrs (_: chosen: chosen.enable) cfg.pods
      );
      members = mapAttrs (
        _: member: mapAttrs (_: mkDefault) (given { inherit (member) name role grants; })
      ) cfg.members;
    };

    environment.etc."hearth/hearth.toml".source = file;
    environment.variables.HEARTH_CONFIG = "/etc/hearth/hearth.toml";

    # They read it once, as they start, and most units' own text says nothing of what is in it. Without
    # this a switch that adds a pod would leave hearth-keys as it is, and the hub without the key.
    systemd.services = genAttrs (map names.unit (
      [
        "keys"
        "hub"
      ]
      ++ pods
      ++ engines
      ++ migrations
    )) (_: {
      restartTriggers = [ file ];
      # A switch that stopped them first would let the next request start the old version again by its
      # socket, before it knows of the new one.
      stopIfChanged = false;
    });
  };
}
