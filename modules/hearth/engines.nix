# hearth-inference: one model server for each engine.
{
  config,
  lib,
  ...
}:
let
  inherit (lib)
    attrNames
    concatLists
    concatMapStringsSep
    filterAttrs
    literalExpression
    mapAttrs'
    mapAttrsToList
    mkIf
    mkOption
    nameValuePair
    types
    ;
  cfg = config.services.hearth;
  names = import ../lib/names.nix { inherit lib; };
  hardening = import ../lib/hardening.nix { inherit lib; };
  service = import ../lib/service.nix { inherit lib names; };

  manifest = (lib.importTOML ../../app/hearth/inference/models/models.toml).model;
  known = purpose: map (model: model.name) (lib.filter (model: model.purpose == purpose) manifest);

  local = filterAttrs (_: engine: engine.url == null) cfg.engines;
  # Its own notes on what it has checked; each engine finds them at the same place.
  place = name: "${cfg.dataDir}/${names.engineProgram name}";
  asks = name: pod: pod.enable && lib.elem name (names.enginesOf cfg.engines pod);
  podsOf = name: attrNames (filterAttrs (_: asks name) cfg.pods);

  # By what the pods say alone: which engines there are cannot depend on the engines.
  named = pod: pod.enable && pod.engine == "default";
  others = name: lib.remove name (attrNames cfg.engines);

  unit =
    name: engine:
    let
      program = names.engineProgram name;
      gpu = engine.gpus != [ ];
    in
    nameValuePair (names.unit program) (
      lib.mkMerge [
        (service.program {
          inherit program;
          callers = podsOf name ++ engine.extraCallers ++ [ "ops" ];
        })
        {
          description = "Hearth: the model server of engine ${name}";
          environment.CUDA_VISIBLE_DEVICES = lib.concatMapStringsSep "," toString engine.gpus;
          serviceConfig = hardening.isolated // {
            ExecStart = "${cfg.modelPackage}/bin/python -m hearth.services.inference --engine ${name} --config /etc/hearth/hearth.toml";
            # It keeps nothing, so it may be cut off in the middle of a step.
            TimeoutStopSec = 5;
            MemoryMax = mkIf (engine.memoryMax != null) engine.memoryMax;
            TasksMax = 256;
            # torch and llama.cpp read the processor's features and the memory's size from /proc.
            ProcSubset = "all";
            # Of the data only the models, read-only, and its own notes.
            TemporaryFileSystem = hardening.emptied [ cfg.dataDir ];
            BindReadOnlyPaths =
              hardening.reports
              ++ [ "${cfg.dataDir}/models" ]
              # NixOS keeps the driver's libraries there.
              ++ lib.optional gpu "-/run/opengl-driver";
            BindPaths = [ "${place name}:${cfg.dataDir}/inference" ];
            NoExecPaths = hardening.notExecutable [
              "${cfg.dataDir}/models"
              "${cfg.dataDir}/inference"
            ];
            # torch's kernels for processors (oneDNN) and CUDA's compiler write the code that they
            # then run.
            MemoryDenyWriteExecute = false;
            # A GPU is a device.
            PrivateDevices = !gpu;
            DeviceAllow = lib.optionals gpu (
              [
                "/dev/nvidiactl rw"
                "/dev/nvidia-uvm rw"
                "/dev/nvidia-uvm-tools rw"
              ]
              ++ map (index: "/dev/nvidia${toString index} rw") engine.gpus
            );
          };
        }
      ]
    );

  sockets =
    name: engine:
    let
      program = names.engineProgram name;
    in
    map (
      pod:
      names.socket {
        inherit program;
        caller = pod;
        group = names.user (names.podProgram pod);
      }
    ) (podsOf name)
    ++ map (
      caller:
      names.socket {
        inherit program caller;
        group = "root";
      }
    ) engine.extraCallers
    ++ [
      (names.socket {
        inherit program;
        caller = "ops";
        group = cfg.opsGroup;
      })
    ];

  given = concatLists (
    mapAttrsToList (name: engine: map (gpu: { inherit name gpu; }) engine.gpus) (
      filterAttrs (_: engine: !engine.shareGpus) local
    )
  );
  twice = lib.filterAttrs (_: uses: lib.length uses > 1) (lib.groupBy (use: toString use.gpu) given);
in
{
  options.services.hearth.engines = mkOption {
    description = ''
      Model servers, by name. A pod names the engine that answers for it. The engine `default` is
      there as long as a pod asks it, whatever other engines are named.
    '';
    default = {
      default = { };
    };
    example = literalExpression ''{ default = { chatModel = "qwen3-14b"; gpus = [ 0 1 ]; }; }'';
    type = types.attrsOf (
      types.submodule {
        options = {
          chatModel = mkOption {
            type = types.str;
            default = "qwen2.5-coder-1.5b-instruct";
            description = "Manifest name of the model that answers.";
          };
          embeddingModel = mkOption {
            type = types.str;
            default = "all-minilm-l6-v2";
            description = "Manifest name of the model that embeds texts.";
          };
          context = mkOption {
            type = types.ints.between 2048 1048576;
            default = 16384;
            description = "Tokens that all running requests share.";
          };
          parallel = mkOption {
            type = types.ints.between 1 64;
            default = 8;
            description = "Requests that run at the same time.";
          };
          queue = mkOption {
            type = types.ints.between 1 10000;
            default = 64;
            description = "Requests that may wait; one more is refused for the moment.";
          };
          threads = mkOption {
            type = types.nullOr (types.ints.between 1 1024);
            default = null;
            example = 8;
            description = "Processor threads; all cores when null.";
          };
          gpus = mkOption {
            type = types.listOf types.ints.unsigned;
            default = [ ];
            example = [
              0
              1
            ];
            description = "GPUs that this engine may see (CUDA_VISIBLE_DEVICES); none by default.";
          };
          gpuLayers = mkOption {
            type = types.nullOr (types.ints.between 0 10000);
            default = null;
            example = 24;
            description = ''
              Layers of the chat model that the GPUs hold; all that fit when null, none with 0.
            '';
          };
          tensorSplit = mkOption {
            type = types.listOf (types.addCheck types.number (share: share > 0));
            default = [ ];
            example = [
              3
              1
            ];
            description = "Each GPU's share of the chat model, one number for each of `gpus`.";
          };
          shareGpus = mkOption {
            type = types.bool;
            default = false;
            description = "Whether another engine may be given the same GPUs.";
          };
          memoryMax = mkOption {
            type = types.nullOr (types.strMatching "[0-9]+[KMGT]?|[0-9]+%");
            default = null;
            example = "24G";
            description = "Most memory that this engine may take (systemd's MemoryMax).";
          };
          url = mkOption {
            type = types.nullOr (types.strMatching "(https?|unix)://.+");
            default = null;
            example = "unix:///run/other/server.sock";
            description = ''
              Another OpenAI-compatible endpoint in place of hearth-inference. A pod has no network, so
              it is a Unix socket that a systemd socket unit keeps, and that the pod's user may open
              (`sourceGroups` of the pod). What stands behind it reads whatever its pods are asked and
              what they find: where that is a way to another machine, all of it leaves the box, and no
              wall of the box reaches there.
            '';
          };
          externalModel = mkOption {
            type = types.nullOr types.str;
            default = null;
            description = "The chat model's name at `url`, where it differs from `chatModel`.";
          };
          fallback = mkOption {
            type = types.nullOr types.str;
            default = null;
            example = "small";
            description = ''
              Which other engine answers while this one is away or has no room; the pods see the sockets
              of both. Its own fallback is not asked in turn. Embeddings are taken from it only where
              it has the same `embeddingModel`.
            '';
          };
          extraCallers = mkOption {
            type = types.listOf types.str;
            default = [ ];
            internal = true;
            description = "Callers beside the pods, such as the restore drill.";
          };
        };
      }
    );
  };

  config = mkIf cfg.enable {
    assertions =
      concatLists (
        mapAttrsToList (
          name: engine:
          let
            model =
              option: purpose: value:
              {
                assertion = lib.elem value (known purpose);
                message = ''
                  services.hearth.engines.${name}.${option}: no manifest knows the ${purpose} model
                  "${value}". Known: ${lib.concatStringsSep ", " (known purpose)}.
                '';
              };
          in
          [
            (model "chatModel" "chat" engine.chatModel)
            (model "embeddingModel" "embedding" engine.embeddingModel)
          ]
        ) local
      )
      ++ mapAttrsToList (name: engine: {
        assertion = lib.elem (lib.length engine.tensorSplit) [
          0
          (lib.length engine.gpus)
        ];
        message = ''
          services.hearth.engines.${name}.tensorSplit has ${
            toString (lib.length engine.tensorSplit)
          } shares for ${toString (lib.length engine.gpus)} GPUs. Give each of `gpus` its share, or
          leave tensorSplit out.
        '';
      }) local
      ++ mapAttrsToList (name: engine: {
        assertion = engine.fallback == null || lib.elem engine.fallback (others name);
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
              "Name one of ${lib.concatStringsSep ", " (others name)}, or leave fallback out"
          }.
        '';
      }) cfg.engines
      ++ mapAttrsToList (name: engine: {
        assertion = podsOf name == [ ] || engine.url == null || lib.hasPrefix "unix://" engine.url;
        message = ''
          services.hearth.engines.${name}.url: the pods ${lib.concatStringsSep ", " (podsOf name)} have
          no network, and reach nothing but Unix sockets. Serve it at unix:///PATH, as
          services.hearth.containers does, or lead a socket to it with systemd-socket-proxyd.
        '';
      }) cfg.engines
      ++ mapAttrsToList (gpu: uses: {
        assertion = false;
        message = ''
          services.hearth.engines: GPU ${gpu} is given to ${
            concatMapStringsSep " and to " (use: use.name) uses
          }. Give it to one of them, or set shareGpus = true in all of them.
        '';
      }) twice;

    services.hearth.engines = mkIf (lib.any named (lib.attrValues cfg.pods)) { default = { }; };

    users.users = mapAttrs' (
      name: _:
      nameValuePair (names.user (names.engineProgram name)) {
        isSystemUser = true;
        group = names.user (names.engineProgram name);
      }
    ) local;
    users.groups = mapAttrs' (name: _: nameValuePair (names.user (names.engineProgram name)) { }) local;

    systemd.services = mapAttrs' unit local;
    systemd.sockets = lib.listToAttrs (concatLists (mapAttrsToList sockets local));

    systemd.tmpfiles.settings."10-hearth" = lib.mkMerge (
      mapAttrsToList (name: _: {
        ${place name}.d = {
          mode = "0700";
          user = names.user (names.engineProgram name);
          group = names.user (names.engineProgram name);
        };
      }) local
    );
  };
}
