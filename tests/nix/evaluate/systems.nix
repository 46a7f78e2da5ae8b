# Every system of the project by name: hosts, template, variants of the box that updates lead to, and
# the nodes of the VM tests.
{
  nixpkgs,
  aux,
  project,
  names,
  # A folder with the flake's other inputs, or null.
  given,
}:
let
  pkgs = import ../stand-in {
    inherit
      nixpkgs
      aux
      project
      names
      ;
  };
  inherit (pkgs) lib;

  others = import ../stand-in/inputs.nix {
    inherit
      given
      lib
      nixpkgs
      pkgs
      project
      ;
  };
  inherit (others) inputs origins;

  # The flake itself, over these inputs, so that what it wires is evaluated too.
  flake = import ../stand-in/call-flake.nix { inherit lib; };
  own = flake project inputs;
  client = flake (project + "/hosts/template") (inputs // { hearth = own; });

  has = path: builtins.pathExists (project + path);

  hosts =
    if has "/flake.nix" then
      own.nixosConfigurations
    else if !has "/hosts" then
      { }
    else
      lib.mapAttrs (name: _: inputs.nixpkgs.lib.nixosSystem { modules = [ (project + "/hosts/${name}") ]; })
        (
          lib.filterAttrs (
            name: kind: kind == "directory" && has "/hosts/${name}/default.nix"
          ) (builtins.readDir (project + "/hosts"))
        );

  template = lib.optionalAttrs (has "/hosts/template/flake.nix") (
    lib.mapAttrs' (name: lib.nameValuePair "template-${name}") client.nixosConfigurations
  );

  # A module on top of the box.
  nixFiles =
    folder:
    lib.optionals (has folder) (
      map (lib.removeSuffix ".nix") (
        lib.filter (lib.hasSuffix ".nix") (lib.attrNames (builtins.readDir (project + folder)))
      )
    );
  variants = lib.optionalAttrs (hosts ? box) (
    lib.genAttrs (nixFiles "/tests/nixos/variants") (
      name: hosts.box.extendModules { modules = [ (project + "/tests/nixos/variants/${name}.nix") ]; }
    )
  );

  tests = lib.genAttrs (nixFiles "/tests/nixos") (name: project + "/tests/nixos/${name}.nix");

  nixosLib = import (nixpkgs + "/nixos/lib") { inherit lib; };
  # `defaults` is a module for every node.
  evalTest =
    file: defaults:
    nixosLib.evalTest {
      imports = [ file ];
      defaults.imports = [
        ../stand-in/defaults.nix
        defaults
      ];
      hostPkgs = pkgs;
      node.pkgs = pkgs;
      node.specialArgs = { inherit inputs; };
    };
in
{
  inherit
    evalTest
    inputs
    hosts
    lib
    origins
    pkgs
    template
    tests
    variants
    ;
  systems = hosts // template // variants;
}
