# Stand-ins for the flake's inputs: nixpkgs over the stand-in set, and the modules of others as far
# as their options are read here. What they do with the options is not shown.
{
  lib,
  nixpkgs,
  pkgs,
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

  none = { };
in
# Whoever copies an input's source gets a file that says which.
lib.mapAttrs (name: input: { outPath = "${pkgs.writeText name name}"; } // input) {
  nixpkgs = {
    lib = lib // {
      inherit nixosSystem;
    };
    legacyPackages.x86_64-linux = pkgs;
    outPath = nixpkgs;
    rev = "0000000000000000000000000000000000000000";
  };
  sops-nix.nixosModules = {
    default = sops;
    inherit sops;
  };
  disko = {
    nixosModules = {
      default = disko;
      inherit disko;
    };
    packages.x86_64-linux = {
      default = pkgs.disko;
      inherit (pkgs) disko;
    };
  };
  nixos-hardware.nixosModules = lib.genAttrs [
    "common-cpu-amd"
    "common-cpu-intel"
    "common-gpu-amd"
    "common-gpu-nvidia"
    "common-pc"
    "common-pc-ssd"
  ] (_: none);
  poetry2nix = {
    lib.mkPoetry2Nix = _: {
      mkPoetryEnv = _: pkgs.hearth.light;
      mkPoetryApplication = _: pkgs.hearth.light;
      overrides.withDefaults = _: { };
      defaultPoetryOverrides.extend = _: { };
    };
    overlays.default = _: _: { };
  };
}
