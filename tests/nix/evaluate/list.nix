# The names of what there is to evaluate, and which of the flake's inputs are real.
{ places }:
let
  all = import ./systems.nix places;
in
{
  systems = all.lib.attrNames all.systems;
  tests = all.lib.attrNames all.tests;
  inherit (all) origins;
}
