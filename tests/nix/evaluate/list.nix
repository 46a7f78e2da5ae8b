# The names of what there is to evaluate.
{
  nixpkgs,
  aux,
  project,
  names,
}@places:
let
  all = import ./systems.nix places;
in
{
  systems = all.lib.attrNames all.systems;
  tests = all.lib.attrNames all.tests;
}
