# The flake's inputs: nixpkgs over the stand-in set, and the others as they are where `given` is a
# folder that holds them. Else they are modules as far as their options are read here: what is done
# with the options is not shown then.
{
  lib,
  nixpkgs,
  pkgs,
  project,
  given,
}:
let
  inherit (lib) mkOption types;

  nixosSystem =
    arguments:
    import (nixpkgs + "/nixos/lib/eval-config.nix") (
      removeAttrs arguments [ "pkgs" ]
      // {
        inherit lib pkgs;
        system = null;
        modules = arguments.modules ++ [ ./defaults.nix ];
      }
    );

  anything = mkOption {
    type = types.anything;
    default = { };
  };

  # A secret or template of sops-nix: its path is what other modules read.
  file =
    folder:
    types.attrsOf (
      types.submodule (
        { name, ... }:
        {
          freeformType = types.attrsOf types.anything;
          options.path = mkOption {
            type = types.str;
            default = "${folder}/${name}";
          };
        }
      )
    );

  sops =
    { config, ... }:
    {
      options.sops = mkOption {
        default = { };
        type = types.submodule {
          freeformType = types.attrsOf types.anything;
          options = {
            secrets = mkOption {
              type = file "/run/secrets";
              default = { };
            };
            templates = mkOption {
              type = file "/run/secrets/rendered";
              default = { };
            };
            placeholder = mkOption {
              type = types.attrsOf types.str;
              default = lib.mapAttrs (name: _: "<SOPS:${name}:PLACEHOLDER>") config.sops.secrets;
            };
          };
        };
      };
    };

  # disko also makes the scripts that partition and mount.
  disko = {
    options.disko = anything;
    config.system.build = lib.genAttrs [
      "destroyFormatMount"
      "destroyScript"
      "diskoScript"
      "format"
      "formatMount"
      "formatScript"
      "mount"
      "mountScript"
    ] (name: pkgs.writeShellScript "disko-${lib.toLower name}" "exit 1");
  };

  # Whoever copies an input's source gets a file that says which.
  standIns = lib.mapAttrs (name: input: { outPath = "${pkgs.writeText name name}"; } // input) {
    nixpkgs = {
      lib = lib // {
        inherit nixosSystem;
      };
      legacyPackages.x86_64-linux = pkgs;
      outPath = nixpkgs;
      rev = "0000000000000000000000000000000000000000";
    };
    sops-nix.nixosModules.sops = sops;
    disko.nixosModules.disko = disko;
    nixos-hardware.nixosModules = {
      common-cpu-intel = { };
      common-pc-ssd = { };
    };
    poetry2nix.overlays.default = _: _: { };
  };

  folder = name: given + "/${name}";
  isReal = name: given != null && builtins.pathExists (folder name + "/flake.nix");

  # What only the inputs themselves ask for, none of it read here.
  theirs.flake-utils.lib.eachDefaultSystem = _: { };

  flake = import ./call-flake.nix { inherit lib; };
  inputs = lib.mapAttrs (
    name: standIn: if isReal name then flake (folder name) (inputs // theirs) else standIn
  ) standIns;

  # A folder has the hash of flake.lock where Nix gives both the same place in its store.
  locked = (lib.importJSON (project + "/flake.lock")).nodes;
  place = source: builtins.unsafeDiscardStringContext "${source}";
  asLocked =
    name:
    place (
      builtins.path {
        name = "source";
        path = folder name;
      }
    ) == place (derivation {
      name = "source";
      system = "none";
      builder = "none";
      outputHashMode = "recursive";
      outputHashAlgo = "sha256";
      outputHash = locked.${name}.locked.narHash;
    });
in
{
  inherit inputs;
  origins = lib.mapAttrs (
    name: _:
    if !isReal name then
      "stand-in"
    else if asLocked name then
      "real, as locked"
    else
      "real, of another revision than the locked one"
  ) (removeAttrs standIns [ "nixpkgs" ]);
}
