# hearth-inference: one model server for each engine.
{
  config,
  lib,
  ...
}:
let
  inherit (lib)
    attrNames
    attrValues
    concatLists
    filter
    filterAttrs
    hasPrefix
    mapAttrs'
    mapAttrsToList
    mkIf
    nameValuePair
    ;
  cfg = config.services.hearth;
  names = import ../../lib/names.nix { inherit lib; };
  hardening = import ../../lib/hardening.nix { inherit lib; };
  service = import ../../lib/service.nix { inherit lib names; };

  local = filterAttrs (_: engine: engine.url == null) cfg.engines;
  # Its own notes on what it has checked, and the prefixes that all pods share; each engine finds them
  # at the same place.
  place = name: "${cfg.dataDir}/${names.engineProgram name}";
  asks = name: pod: pod.enable && lib.elem name (names.enginesOf cfg.engines pod);
  podsOf = name: attrNames (filterAttrs (_: asks name) cfg.pods);

  # Adapters that lie neither with the models nor in the store. '-': where one is not there, the program
  # says so.
  elsewhere =
    engine:
    map (path: "-${path}") (
      filter (path: !hasPrefix "${cfg.dataDir}/models/" path && !hasPrefix "/nix/store/" path) (
        map (path: "${path}") (attrValues engine.adapters)
      )
    );

  # By what the pods say alone: which engines there are cannot depend on the engines.
  named = pod: pod.enable && pod.engine == "default";

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
          environment = {
            # CUDA counts only what the unit may open, from 0; hearth.toml counts as nvidia-smi does.
            HEARTH_GPUS = lib.concatMapStringsSep "," toString engine.gpus;
            CUDA_VISIBLE_DEVICES = lib.concatStringsSep "," (
              lib.imap0 (index: _: toString index) engine.gpus
            );
            # Numbered as nvidia-smi does, not the fastest first.
            CUDA_DEVICE_ORDER = "PCI_BUS_ID";
          };
          serviceConfig = hardening.isolated // {
            ExecStart = "${cfg.modelPackage}/bin/python -m hearth.services.inference --engine ${name} --config /etc/hearth/hearth.toml";
            # Each model is a process of its own, which the program ends itself; what is left then goes
            # with it.
            KillMode = "mixed";
            MemoryMax = mkIf (engine.memoryMax != null) engine.memoryMax;
            # A model's process that took too much is started again, and the others go on.
            OOMPolicy = "continue";
            # A thread for each core in each of them.
            TasksMax = 1024;
            # torch and llama.cpp read the processor's features and the memory's size from /proc, and
            # the program how much its models have.
            ProcSubset = "all";
            # Of the data only the models, read-only, and its own notes and saved prefixes.
            TemporaryFileSystem = hardening.emptied [ cfg.dataDir ];
            BindReadOnlyPaths =
              hardening.reports
              ++ [ "${cfg.dataDir}/models" ]
              ++ elsewhere engine
              # NixOS keeps the driver's libraries there.
              ++ lib.optional gpu "-/run/opengl-driver";
            BindPaths = [ "${place name}:${cfg.dataDir}/inference" ];
            NoExecPaths = hardening.notExecutable (
              [
                "${cfg.dataDir}/models"
                "${cfg.dataDir}/inference"
              ]
              ++ elsewhere engine
            );
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
in
{
  imports = [
    ./options.nix
    ./checks.nix
    ./weights.nix
  ];

  config = mkIf cfg.enable {
    services.hearth.engines = mkIf (lib.any named (attrValues cfg.pods)) { default = { }; };

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
