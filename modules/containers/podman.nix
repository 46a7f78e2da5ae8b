# Containers on a network that ends at this machine. What one of them serves is reached through a
# Unix socket, by those pods alone that were named.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    concatStringsSep
    filterAttrs
    literalExpression
    mapAttrs
    mapAttrs'
    mapAttrsToList
    mkIf
    mkMerge
    mkOption
    nameValuePair
    types
    ;
  cfg = config.services.hearth;
  containers = cfg.containers;
  served = filterAttrs (_: container: container.port != null) containers;
  names = import ../lib/names.nix { inherit lib; };
  hardening = import ../lib/hardening.nix { inherit lib; };

  network = "hearth-inside";
  bridge = "hearth-inside";
  subnet = "10.213.7.0/24";
  user = name: "hearth-container-${name}";
  socket = name: "/run/hearth-containers/${name}.sock";
  podman = "${config.virtualisation.podman.package}/bin/podman";

  container = {
    options = {
      image = mkOption {
        type = types.strMatching "[^@ ]+(:[A-Za-z0-9_][A-Za-z0-9._-]*|@sha256:[0-9a-f]{64})";
        example = "registry.example.org/name@sha256:0123…";
        description = "The image, by digest or by a tag that does not move.";
      };
      imageFile = mkOption {
        type = types.nullOr types.package;
        default = null;
        example = literalExpression "pkgs.dockerTools.pullImage { … }";
        description = "The image as a file of the system, for a box without internet.";
      };
      address = mkOption {
        type = types.strMatching "10\\.213\\.7\\.[0-9]{1,3}";
        example = "10.213.7.10";
        description = "The container's address on the inner network.";
      };
      port = mkOption {
        type = types.nullOr types.port;
        default = null;
        example = 8000;
        description = "The port that it serves; null for one that serves other containers alone.";
      };
      callers = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "family" ];
        description = "Pods that may call it.";
      };
      environment = mkOption {
        type = types.attrsOf types.str;
        default = { };
        example = {
          LOG_LEVEL = "WARNING";
        };
        description = "Its environment; nothing secret.";
      };
      environmentFiles = mkOption {
        type = types.listOf (types.strMatching "/.+");
        default = [ ];
        example = [ "/run/secrets/llamafarm-environment" ];
        description = "Files on the box with secret parts of its environment.";
      };
      volumes = mkOption {
        type = types.attrsOf (types.strMatching "/.+");
        default = { };
        example = {
          data = "/app/data";
        };
        description = ''
          Folders that it keeps, by name, with the place inside where it finds them. They are not
          backed up: what matters is registered in services.hearth.state, and readable there.
        '';
      };
      memoryMax = mkOption {
        type = types.strMatching "[0-9]+[kmg]";
        default = "4g";
        example = "16g";
        description = "Most memory that it may take.";
      };
    };
  };

  folder = name: volume: "${cfg.dataDir}/containers/${name}/${volume}";
in
{
  options.services.hearth.containers = mkOption {
    type = types.attrsOf (types.submodule container);
    default = { };
    example = literalExpression ''
      {
        llamafarm = {
          image = "registry.example.org/llamafarm@sha256:…";
          address = "10.213.7.10";
          port = 8000;
          callers = [ "family" ];
        };
      }
    '';
    description = "Containers beside Hearth, by name.";
  };

  config = mkIf (cfg.enable && containers != { }) {
    assertions =
      mapAttrsToList (name: container: {
        assertion = !lib.hasSuffix ":latest" container.image;
        message = ''
          services.hearth.containers.${name}.image: "latest" is another program every day. Name a
          version, or better a digest (`skopeo inspect --format '{{.Digest}}' docker://IMAGE`).
        '';
      }) containers
      ++ mapAttrsToList (name: container: {
        assertion = lib.all (pod: cfg.pods ? ${pod}) container.callers;
        message = ''
          services.hearth.containers.${name}.callers: there are only the pods
          ${concatStringsSep ", " (lib.attrNames cfg.pods)}.
        '';
      }) containers;

    virtualisation.podman = {
      enable = true;
      autoPrune = {
        enable = true;
        dates = "weekly";
        flags = [ "--all" ];
      };
    };

    virtualisation.oci-containers = {
      backend = "podman";
      containers = mapAttrs (name: container: {
        inherit (container)
          image
          imageFile
          environment
          environmentFiles
          ;
        volumes = mapAttrsToList (volume: inside: "${folder name volume}:${inside}") container.volumes;
        extraOptions = [
          "--network=${network}"
          "--ip=${container.address}"
          "--cap-drop=all"
          "--security-opt=no-new-privileges"
          "--memory=${container.memoryMax}"
          "--pids-limit=512"
        ];
      }) containers;
    };

    users.users = mapAttrs' (
      name: _:
      nameValuePair (user name) {
        isSystemUser = true;
        group = user name;
      }
    ) served;
    users.groups = mapAttrs' (name: _: nameValuePair (user name) { }) served;

    systemd.services = mkMerge [
      {
        hearth-containers-network = {
          description = "Hearth: the containers' network, which ends at this machine";
          serviceConfig = {
            Type = "oneshot";
            RemainAfterExit = true;
            # podman itself makes namespaces and bridges, as root; there is nothing to wall off.
            ExecStart = "${podman} network create --ignore --internal --interface-name=${bridge} --subnet=${subnet} ${network}";
          };
        };
      }

      (mapAttrs' (
        name: _:
        nameValuePair "podman-${name}" {
          requires = [ "hearth-containers-network.service" ];
          after = [ "hearth-containers-network.service" ];
        }
      ) containers)

      # The one way to it: what comes on the socket goes to the container's port, nowhere else.
      (mapAttrs' (
        name: container:
        nameValuePair "hearth-container-${name}" {
          description = "Hearth: the way to the container ${name}";
          requires = [ "podman-${name}.service" ];
          after = [ "podman-${name}.service" ];
          serviceConfig = hardening.networked // {
            Type = "notify";
            User = user name;
            Group = user name;
            ExecStart = "${config.systemd.package}/lib/systemd/systemd-socket-proxyd ${container.address}:${toString container.port}";
            IPAddressDeny = "any";
            IPAddressAllow = container.address;
            InaccessiblePaths = [ "-${cfg.dataDir}" ];
            MemoryMax = "64M";
            TasksMax = 16;
          };
        }
      ) served)

      # A pod reaches a socket by its group, and sees of /run what is bound into its unit. A socket
      # that is made anew is another file than the one bound.
      (mkMerge (
        mapAttrsToList (
          name: container:
          lib.genAttrs (map (pod: names.unit (names.podProgram pod)) container.callers) (_: {
            requires = [ "hearth-container-${name}.socket" ];
            after = [ "hearth-container-${name}.socket" ];
            partOf = [ "hearth-container-${name}.socket" ];
            serviceConfig = {
              SupplementaryGroups = [ (user name) ];
              BindReadOnlyPaths = [ (socket name) ];
            };
          })
        ) served
      ))
    ];

    systemd.sockets = mapAttrs' (
      name: _:
      nameValuePair "hearth-container-${name}" {
        description = "Hearth: the way to the container ${name}";
        wantedBy = [ "sockets.target" ];
        socketConfig = {
          # Beside /run/hearth, since a pod sees nothing of that but its own sockets.
          ListenStream = socket name;
          SocketGroup = user name;
          SocketMode = "0660";
          DirectoryMode = "0755";
          RemoveOnStop = true;
        };
      }
    ) served;

    services.hearth.network.extraOutput = ''oifname "${bridge}" accept'';

    systemd.tmpfiles.settings."10-hearth" = mkMerge (
      [ { "${cfg.dataDir}/containers".d.mode = "0711"; } ]
      ++ mapAttrsToList (
        name: container:
        mapAttrs' (volume: _: nameValuePair (folder name volume) { d.mode = "0755"; }) container.volumes
      ) containers
    );
  };
}
