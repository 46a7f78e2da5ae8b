# The summary of a host with one mistake in it.
{
  places,
  host,
  name,
}:
let
  all = import ./systems.nix places;
  mistake = (import ../mistakes.nix).${name};
  summary = import ./summary.nix { inherit (all) lib; };
in
summary (all.systems.${host}.extendModules { modules = [ mistake.module ]; })
