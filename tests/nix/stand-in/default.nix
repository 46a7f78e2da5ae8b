# A package set in which nixpkgs' NixOS modules evaluate and build on Debian's files.
#
# nixpkgs' own text builders and settings formats run over a small stdenv; every other name that
# the modules mention is a store path of links to the Debian packages of that name, or empty.
{
  nixpkgs,
  aux,
  project,
  # What lab/names.py collected: { tree, attributes, functions, units }.
  names,
  # Realising makes the links anew where the root's set of packages changed.
  debianStatus ?
    if builtins.getEnv "REALISE" != "" then
      builtins.hashFile "sha256" /var/lib/dpkg/status
    else
      "",
}:
let
  lib = import (nixpkgs + "/lib");
  collected = builtins.fromJSON (builtins.readFile names);
  platform = lib.systems.elaborate "x86_64-linux";

  stub = import ./stub.nix {
    inherit lib collected debianStatus;
    pkgs = self;
  };

  # A package may have the name of a function of lib; `with lib; with pkgs;` must still find that.
  isPackage = name: name == "zip" || !(lib ? ${name} && lib.isFunction lib.${name});
  mentioned = lib.mapAttrs (name: stub.tree [ name ]) (
    lib.filterAttrs (name: _: isPackage name) collected.tree
  );

  parts = {
    inherit
      lib
      nixpkgs
      aux
      project
      platform
      stub
      mentioned
      collected
      ;
    pkgs = self;
  };

  self =
    mentioned
    // import ./set.nix parts
    // import ./builders.nix parts
    // import ./functions.nix parts
    // import ./packages.nix parts
    // import ./kernel.nix parts
    // {
      systemd = import ./systemd.nix parts;
      systemdMinimal = self.systemd;
      systemdUkify = self.systemd;
      hearth = import ./hearth.nix parts;
    };
in
self
