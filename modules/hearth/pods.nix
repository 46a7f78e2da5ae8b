# hearth-pod-NAME: one pod, with its own user, its own directory and no network.
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
    concatMap
    filter
    filterAttrs
    genAttrs
    hasPrefix
    literalExpression
    mapAttrs'
    mapAttrsToList
    mkDefault
    mkIf
    mkOption
    nameValuePair
    types
    ;
  cfg = config.services.hearth;
  names = import ../lib/names.nix { inherit lib; };
  hardening = import ../lib/hardening.nix { inherit lib; };
  service = import ../lib/service.nix { inherit lib names; };

  pods = filterAttrs (_: pod: pod.enable) cfg.pods;
  programOf = names.podProgram;
  userOf = name: names.user (programOf name);
  place = name: "${cfg.dataDir}/pods/${name}";
  # Where its connectors lay down what they fetched.
  inbox = name: pod: map (connector: "${cfg.dataDir}/inbox/${name}/${connector}") (attrNames pod.connectors);
  # Of its engine, and of that one's fallback.
  urlOf = engine: (cfg.engines.${engine} or { url = null; }).url;
  ownEngines = pod: filter (engine: urlOf engine == null) (names.enginesOf cfg.engines pod);
  engineSockets =
    name: pod:
    map (engine: "${names.socketUnit (names.engineProgram engine) name}.socket") (ownEngines pod);
  # Another maker's server, where it has a socket that no unit here makes (podman.nix binds those).
  otherSockets =
    pod:
    map (lib.removePrefix "unix://") (
      filter (url: url != null && hasPrefix "unix://" url && !hasPrefix "unix:///run/hearth-containers/" url) (
        map urlOf (names.enginesOf cfg.engines pod)
      )
    );

  sourceFolders = pods: concatMap (pod: map toString (attrValues pod.sources)) (attrValues pods);

  # What the pod's programs see of the machine: their own directory, and the sources read-only.
  walls =
    name: pod:
    hardening.isolated
    // {
      User = userOf name;
      Group = userOf name;
      SupplementaryGroups = pod.sourceGroups;
      TemporaryFileSystem = hardening.emptied [ cfg.dataDir ];
      BindPaths = [ "${pod.directory}:${place name}" ];
      NoExecPaths = hardening.notExecutable (
        [ (place name) ]
        # '-': the migration sees none of them.
        ++ map (folder: "-${toString folder}") (attrValues pod.sources ++ inbox name pod)
      );
      BindReadOnlyPaths =
        hardening.reports
        ++ mapAttrsToList (_: folder: toString folder) pod.sources
        ++ inbox name pod
        ++ map (engine: names.socketPath (names.engineProgram engine) name) (ownEngines pod)
        # '-': where it is not there, the pod says so, and its fallback answers.
        ++ map (socket: "-${socket}") (otherSockets pod);
      MemoryMax = pod.quotas.memoryMax;
      # Without it the kernel would push what is too much into the swap, all 32 GB of it, before it
      # ends the pod. An idle pod (60 MB) can still be put aside whole.
      MemorySwapMax = "256M";
      CPUWeight = pod.quotas.cpuWeight;
      TasksMax = pod.quotas.tasksMax;
    };

  unit =
    name: pod:
    nameValuePair (names.unit (programOf name)) (
      lib.mkMerge [
        (service.program {
          program = programOf name;
          callers = [
            "hub"
            "ops"
          ];
        })
        {
          description = "Hearth: the pod ${name}";
          requires = [
            "hearth-keys.service"
            "hearth-migrate-pod-${name}.service"
          ]
          ++ engineSockets name pod;
          after = [
            "hearth-keys.service"
            "hearth-migrate-pod-${name}.service"
          ]
          ++ engineSockets name pod;
          # A socket that is made anew is another file than the one bound into this unit.
          partOf = engineSockets name pod;
          serviceConfig = walls name pod // {
            # Without docstrings a pod takes 5 MB less, and there are many pods.
            ExecStart = "${cfg.package}/bin/python -OO -m hearth.services.pod --pod ${name} --config /etc/hearth/hearth.toml";
            LoadCredentialEncrypted = [
              "grant-key-${name}:${cfg.credentialsDir}/grant-key-${name}"
            ];
          };
        }
      ]
    );

  migration =
    name: pod:
    nameValuePair "hearth-migrate-pod-${name}" {
      description = "Hearth: bring the database of the pod ${name} to this version";
      serviceConfig = walls name pod // {
        Type = "oneshot";
        RemainAfterExit = true;
        BindReadOnlyPaths = hardening.reports;
        ExecStart = "${cfg.package}/bin/python -m hearth.services.migrate --pod ${name} --config /etc/hearth/hearth.toml";
      };
    };

  sockets = name: _: [
    (names.socket {
      program = programOf name;
      caller = "hub";
      group = names.user "hub";
    })
    (names.socket {
      program = programOf name;
      caller = "ops";
      group = cfg.opsGroup;
    })
  ];

  shared = lib.filterAttrs (_: uses: lib.length uses > 1) (
    lib.groupBy (name: toString pods.${name}.directory) (attrNames pods)
  );

  pod =
    { name, config, ... }:
    let
      preset = cfg.presets.${config.kind} or cfg.presets.custom;
    in
    {
      options = {
        enable = mkOption {
          type = types.bool;
          default = true;
          description = "Whether this pod runs. A pod that is switched off keeps its data.";
        };
        kind = mkOption {
          type = types.enum (attrNames cfg.presets);
          default = "custom";
          description = "The preset that the pod starts from.";
        };
        title = mkOption {
          type = types.nullOr (types.strMatching ".{1,60}");
          default = preset.title;
          defaultText = literalExpression "presets.<kind>.title";
          description = "Name that members see.";
        };
        engine = mkOption {
          type = types.str;
          default = "default";
          description = "Which of services.hearth.engines answers for this pod.";
        };
        adapter = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "household";
          description = "Which of its engine's `adapters` words this pod's answers; none when null.";
        };
        tools = mkOption {
          type = types.listOf (
            types.enum [
              "calendar"
              "ledger"
              "documents"
              "notes"
            ]
          );
          default = preset.tools;
          defaultText = literalExpression "presets.<kind>.tools";
          description = "The tool folders that this pod may use.";
        };
        sources = mkOption {
          type = types.attrsOf types.path;
          default = { };
          example = {
            household = "/mnt/data/knowledge/family";
          };
          description = "Folders of the box that the pod reads, by a name for each; bound read-only.";
        };
        sourceGroups = mkOption {
          type = types.listOf types.str;
          default = [ ];
          example = [ "users" ];
          description = "Groups that may read the source folders, given to the pod.";
        };
        persona = mkOption {
          type = types.nullOr (types.strMatching ".{1,500}");
          default = preset.persona;
          defaultText = literalExpression "presets.<kind>.persona";
          description = "A sentence on how this pod speaks.";
        };
        fileBytes = mkOption {
          type = types.ints.between 1000 1000000000;
          default = 20000000;
          description = "Largest file that becomes a document, in bytes.";
        };
        directory = mkOption {
          type = types.path;
          default = place name;
          defaultText = literalExpression ''"''${services.hearth.dataDir}/pods/<name>"'';
          description = "Where this pod's data lies; nobody else can enter it.";
        };
        quotas = {
          memoryMax = mkOption {
            type = types.strMatching "[0-9]+[KMGT]?|[0-9]+%";
            default = "1G";
            description = "Most memory that the pod may take (systemd's MemoryMax), beside at most 256 MB of swap.";
          };
          cpuWeight = mkOption {
            type = types.ints.between 1 10000;
            default = 100;
            description = "The pod's share of a busy processor (systemd's CPUWeight).";
          };
          tasksMax = mkOption {
            type = types.ints.between 8 100000;
            default = 128;
            description = "Most threads and processes of the pod (systemd's TasksMax).";
          };
        };
      };
    };
in
{
  options.services.hearth = {
    pods = mkOption {
      type = types.attrsOf (types.submodule pod);
      default = { };
      example = literalExpression ''
        {
          family = { kind = "family"; sources.household = "/mnt/data/knowledge/family"; };
          finance = { kind = "finance"; quotas.memoryMax = "2G"; };
        }
      '';
      description = "Pods, by name.";
    };

    podsFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = literalExpression "./pods.json";
      description = ''
        A JSON file with further pods, by name, with the same options. The installer writes one.
      '';
    };
  };

  config = mkIf cfg.enable {
    services.hearth.pods = mkIf (cfg.podsFile != null) (
      lib.mapAttrs (_: lib.mapAttrs (_: mkDefault)) (lib.importJSON cfg.podsFile)
    );

    assertions =
      mapAttrsToList (name: pod: {
        assertion = cfg.engines ? ${pod.engine};
        message = ''
          services.hearth.pods.${name}.engine: there is no engine "${pod.engine}". Known:
          ${lib.concatStringsSep ", " (attrNames cfg.engines)}.
        '';
      }) pods
      ++ mapAttrsToList (
        name: pod:
        let
          known = attrNames (cfg.engines.${pod.engine} or { adapters = { }; }).adapters;
        in
        {
          assertion = pod.adapter == null || lib.elem pod.adapter known;
          message = ''
            services.hearth.pods.${name}.adapter: the engine "${pod.engine}" has no adapter
            "${toString pod.adapter}". ${
              if known == [ ] then "It has none" else "It has ${lib.concatStringsSep ", " known}"
            }: name it in services.hearth.engines.${pod.engine}.adapters, or leave it out.
          '';
        }
      ) pods
      ++ mapAttrsToList (name: _: {
        assertion = lib.match "[a-z][a-z0-9-]{0,19}" name != null;
        message = ''
          services.hearth.pods.${name}: a pod's name has at most 20 small letters, digits and
          hyphens, and begins with a letter. Rename it; its title can be anything.
        '';
      }) pods
      ++ mapAttrsToList (directory: uses: {
        assertion = false;
        message = ''
          services.hearth.pods: ${lib.concatStringsSep " and " uses} share the directory
          ${directory}. Pods never share data: give each a directory of its own, or leave out
          `directory`.
        '';
      }) shared;

    users.users = mapAttrs' (
      name: _:
      nameValuePair (userOf name) {
        isSystemUser = true;
        group = userOf name;
      }
    ) pods;
    users.groups = mapAttrs' (name: _: nameValuePair (userOf name) { }) pods;

    systemd.services = mapAttrs' unit pods // mapAttrs' migration pods;
    systemd.sockets = lib.listToAttrs (concatLists (mapAttrsToList sockets pods));

    systemd.tmpfiles.settings."10-hearth" = lib.mkMerge [
      (mapAttrs' (
        name: pod:
        nameValuePair (toString pod.directory) {
          d = {
            mode = "0700";
            user = userOf name;
            group = userOf name;
          };
        }
      ) pods)
      # Made where they are not there yet, since a pod does not start without; else left as they are.
      (genAttrs (filter (hasPrefix "${cfg.dataDir}/") (sourceFolders pods)) (_: {
        d = {
          mode = ":0755";
          user = ":root";
          group = ":root";
        };
      }))
    ];
  };
}
