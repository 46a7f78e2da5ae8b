# What concerns the whole house.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    literalExpression
    mkEnableOption
    mkIf
    mkOption
    types
    ;
  cfg = config.services.hearth;
  names = import ../lib/names.nix { inherit lib; };
in
{
  options.services.hearth = {
    enable = mkEnableOption "Hearth, the household's private assistant";

    package = mkOption {
      type = types.package;
      default = pkgs.hearth.light;
      defaultText = literalExpression "pkgs.hearth.light";
      description = "Environment of the hub, the pods and the command line.";
    };

    modelPackage = mkOption {
      type = types.package;
      default = pkgs.hearth.models;
      defaultText = literalExpression "pkgs.hearth.models";
      description = "Environment of the model server, which alone imports the inference libraries.";
    };

    zone = mkOption {
      type = types.strMatching "[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*";
      default = if config.time.timeZone != null then config.time.timeZone else "UTC";
      defaultText = literalExpression ''config.time.timeZone or "UTC"'';
      example = "Europe/Berlin";
      description = "The household's time zone, an IANA name.";
    };

    currency = mkOption {
      type = types.strMatching "[A-Z]{3}";
      default = "EUR";
      example = "CHF";
      description = "The household's currency, ISO 4217.";
    };

    dataDir = mkOption {
      type = types.strMatching "/[^ ]+[^/ ]";
      default = "/mnt/data";
      description = "Where everything that the household owns lies: pods, models, backups.";
    };

    members = mkOption {
      default = { };
      description = ''
        Members that the house starts with, by login. The hub's database owns people from then on:
        later changes are made in the house itself.
      '';
      example = literalExpression ''
        {
          anna = { name = "Anna"; role = "owner"; };
          mia = { name = "Mia"; role = "teen"; grants.family = [ "ask" "read" "propose" ]; };
        }
      '';
      type = types.attrsOf (
        types.submodule {
          options = {
            name = mkOption {
              type = types.strMatching ".{1,80}";
              example = "Anna";
              description = "Name that others see.";
            };
            role = mkOption {
              type = types.enum [
                "owner"
                "adult"
                "teen"
                "child"
                "guest"
              ];
              default = "adult";
              description = "Place in the household; an owner has every right in every pod.";
            };
            grants = mkOption {
              type = types.attrsOf (
                types.listOf (
                  types.enum [
                    "ask"
                    "read"
                    "propose"
                    "confirm"
                    "manage"
                  ]
                )
              );
              default = { };
              example = {
                family = [
                  "ask"
                  "read"
                ];
              };
              description = "Rights in each pod, by the pod's name.";
            };
          };
        }
      );
    };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.members == { } || lib.any (member: member.role == "owner") (lib.attrValues cfg.members);
        message = ''
          services.hearth.members: nobody has role = "owner". Give one member that role, or name
          nobody: the house then starts with an owner.
        '';
      }
    ]
    ++ lib.concatLists (
      lib.mapAttrsToList (
        login: member:
        map (pod: {
          assertion = cfg.pods ? ${pod};
          message = ''
            services.hearth.members.${login}.grants.${pod}: there is no pod ${pod}. Known pods:
            ${lib.concatStringsSep ", " (lib.attrNames cfg.pods)}.
          '';
        }) (lib.attrNames member.grants)
      ) cfg.members
    );

    environment.systemPackages = [ cfg.package ];

    systemd.tmpfiles.settings."10-hearth" =
      let
        folder = mode: user: group: { d = { inherit mode user group; }; };
      in
      {
        ${cfg.dataDir} = folder "0755" "root" "root";
        "${cfg.dataDir}/models" = folder "0755" "root" "root";
        "${cfg.dataDir}/knowledge" = folder "0755" "root" "root";
        "${cfg.dataDir}/pods" = folder "0755" "root" "root";
        "${cfg.dataDir}/outputs" = folder "0755" "root" "root";
        ${names.runtimeDir} = folder "0755" "root" "root";
      };
  };
}
