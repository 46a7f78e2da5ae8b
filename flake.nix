{
  description = "Hearth, a private AI appliance for a household";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    disko = {
      url = "github:nix-community/disko";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    nixos-hardware = {
      url = "github:NixOS/nixos-hardware";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    poetry2nix = {
      url = "github:nix-community/poetry2nix";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    sops-nix = {
      url = "github:Mic92/sops-nix";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    { self, nixpkgs, ... }@inputs:
    let
      inherit (nixpkgs) lib;
      # The appliance is a PC. The programs run elsewhere too, but nobody has built them there.
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system}.extend self.overlays.default;

      # What an offline box needs to evaluate its own flake again: the sources of all inputs.
      sources = map (input: input.outPath) (
        lib.attrValues (removeAttrs inputs [ "self" ]) ++ [ self ]
      );

      common = {
        imports = [
          inputs.disko.nixosModules.disko
          inputs.sops-nix.nixosModules.sops
        ];
        nixpkgs.overlays = [ self.overlays.default ];
      };

      nixos =
        modules:
        lib.nixosSystem {
          specialArgs = { inherit inputs; };
          modules = [
            self.nixosModules.default
            { nixpkgs.hostPlatform = lib.mkDefault system; }
          ]
          ++ modules;
        };

      testFolder = ./tests/nixos;
      testNames = lib.optionals (builtins.pathExists testFolder) (
        map (lib.removeSuffix ".nix") (
          lib.filter (lib.hasSuffix ".nix") (lib.attrNames (builtins.readDir testFolder))
        )
      );
      nixosLib = import (nixpkgs + "/nixos/lib") { inherit lib; };
      test =
        name:
        nixosLib.runTest {
          imports = [ (testFolder + "/${name}.nix") ];
          hostPkgs = pkgs;
          node = {
            inherit pkgs;
            specialArgs = { inherit inputs; };
          };
        };

      run = description: program: {
        type = "app";
        inherit program;
        meta = { inherit description; };
      };
    in
    {
      nixosModules = {
        # Everything; without `services.hearth.enable` it changes nothing.
        default.imports = [
          common
          ./modules
        ];
        # Only the programs, for a machine whose platform somebody else keeps.
        hearth.imports = [
          common
          ./modules/hearth
        ];
        # What stands around the programs; it reads their options.
        platform.imports = [
          common
          ./modules/hearth
          ./modules/platform
        ];
      };

      # A client's repository: `hearth.lib.box [ ./pods.nix ]`.
      lib.box = modules: nixos ([ ./hosts/box ] ++ modules);

      nixosConfigurations = {
        box = nixos [ ./hosts/box ];
        vm = nixos [ ./hosts/vm ];
        installer = nixos [
          ./hosts/installer
          {
            services.hearth.installer = {
              target = self.nixosConfigurations.box;
              source = self.outPath;
              inherit sources;
            };
          }
        ];
      };

      overlays.default = lib.composeManyExtensions [
        inputs.poetry2nix.overlays.default
        (import ./pkgs/overlay.nix)
      ];

      packages.${system} = {
        default = pkgs.hearth.light;
        inherit (pkgs.hearth)
          dashboards
          install
          light
          models
          ;
        options-manual = pkgs.hearth.optionsManual;
        iso = self.nixosConfigurations.installer.config.system.build.isoImage;
        vm = self.nixosConfigurations.vm.config.system.build.vm;
      }
      // lib.mapAttrs' (name: lib.nameValuePair "weights-${lib.replaceStrings [ "." ] [ "_" ] name}") (
        pkgs.hearth.weights
      );

      apps.${system} = {
        demo = run "A sample household on this machine" "${pkgs.hearth.demo}/bin/hearth-demo";
        install = run "Install a box from the running installer" "${pkgs.hearth.install}/bin/hearth-install";
      };

      checks.${system} = lib.genAttrs testNames test // {
        versions = pkgs.hearth.versions;
      };

      templates = rec {
        box = {
          path = ./hosts/template;
          description = "A client's own repository: one box, its pods and its secrets";
        };
        default = box;
      };

      formatter.${system} = pkgs.nixfmt-tree;

      devShells.${system}.default = pkgs.mkShell {
        packages = [
          pkgs.age
          pkgs.cmake
          pkgs.nixfmt
          pkgs.nodejs
          pkgs.poetry
          pkgs.python313
          pkgs.restic
          pkgs.sops
        ];
      };
    };
}
