# The summary of a host with one mistake in it.
{
  nixpkgs,
  aux,
  project,
  names,
  host,
  name,
}:
let
  all = import ./systems.nix {
    inherit
      nixpkgs
      aux
      project
      names
      ;
  };
  mistake = (import ../mistakes.nix).${name};
  summary = import ./summary.nix { inherit (all) lib; };
in
summary (all.systems.${host}.extendModules { modules = [ mistake.module ]; })
