# What an engine can be told: the models that it serves, and what each of them may use.
{ lib, ... }:
let
  inherit (lib) literalExpression mkOption types;

  # How a model is loaded: the chat model by the engine's own options, the others by `models`.
  loading =
    {
      context,
      whose,
      gpus,
    }:
    {
      context = mkOption {
        type = types.ints.between 2048 1048576;
        default = context;
        description = "Tokens that all running requests${whose} share.";
      };
      parallel = mkOption {
        type = types.ints.between 1 64;
        default = 8;
        description = "Requests${whose} that run at the same time.";
      };
      gpus = mkOption {
        type = types.listOf (types.ints.between 0 63);
        default = [ ];
        example = [
          0
          1
        ];
        description = gpus;
      };
      gpuLayers = mkOption {
        type = types.nullOr (types.ints.between 0 10000);
        default = null;
        example = 24;
        description = "Layers that the GPUs hold; all that fit when null, none with 0.";
      };
      tensorSplit = mkOption {
        type = types.listOf (types.addCheck types.number (share: share > 0));
        default = [ ];
        example = [
          3
          1
        ];
        description = "Each GPU's share, one number for each that the model may see.";
      };
    };

  further.options =
    loading {
      context = 4096;
      whose = " of this model";
      gpus = "Which of the engine's GPUs this model may see; all of them by default.";
    }
    // {
      stays = mkOption {
        type = types.bool;
        default = false;
        description = ''
          Whether it is loaded from the start and never let go. Otherwise it is loaded when it is asked
          for, and let go when it has been idle or another one needs its room.
        '';
      };
    };

  engine.options =
    loading {
      context = 16384;
      whose = " of the chat model";
      gpus = ''
        GPUs that this engine's models may see, numbered as nvidia-smi does;
        none by default. `chatGpus` and `models` give some of them to one model.
      '';
    }
    // {
      chatGpus = mkOption {
        type = types.listOf (types.ints.between 0 63);
        default = [ ];
        example = [ 0 ];
        description = "Which of `gpus` the chat model may see; all of them by default.";
      };
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
      routingModel = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "qwen2.5-coder-0.5b-instruct";
        description = ''
          Manifest name of a small model that chooses the tools, beside the one that answers; that one
          does both when null. It stays loaded, unless `models` says how it is loaded.
        '';
      };
      rerankModel = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Manifest name of a model that sorts passages; none when null.";
      };
      models = mkOption {
        type = types.attrsOf (types.submodule further);
        default = { };
        example = literalExpression ''{ "qwen3-4b" = { context = 8192; gpus = [ 1 ]; }; }'';
        description = ''
          Further chat models of the manifest that this engine serves, by name; also how the routing
          model is loaded. One whose files are not there is not offered, unless it `stays`.
        '';
      };
      adapters = mkOption {
        type = types.attrsOf types.path;
        default = { };
        example = {
          household = "/mnt/data/models/adapters/household.gguf";
        };
        description = ''
          LoRA adapters of the chat model (GGUF), by a name that a pod can choose as its `adapter`. The
          user of this engine must be able to read them.
        '';
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
      shareGpus = mkOption {
        type = types.bool;
        default = false;
        description = "Whether another engine may be given the same GPUs.";
      };
      memory = mkOption {
        type = types.nullOr (types.strMatching "[0-9]+(\\.[0-9]+)?([KMGT]i?B)?");
        default = null;
        example = "20GB";
        description = ''
          Memory that all models of this engine together may take: one that does not fit is not loaded,
          and whoever asks for it is told so. What is free when it is loaded, within `memoryMax`, when
          null.
        '';
      };
      memoryMax = mkOption {
        type = types.nullOr (types.strMatching "[0-9]+[KMGT]?|[0-9]+%");
        default = null;
        example = "24G";
        description = ''
          Most memory that this engine may take (systemd's MemoryMax): past it the kernel ends a model's
          process, which is then started again. The engine reads this limit as well, and loads nothing
          beyond it; so leave a tenth more here than in `memory`, for what it takes beside the models.
        '';
      };
      shareInstructions = mkOption {
        type = types.bool;
        default = true;
        description = ''
          Whether the standing instructions of the pods (title, persona, tools; nothing of members) are
          computed once for all of them and kept on the disk for the next start.
        '';
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
    type = types.attrsOf (types.submodule engine);
  };
}
