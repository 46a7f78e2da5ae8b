# One system or test: its summary, or that of every node; `extra` are more modules, as files.
{
  places,
  name,
  kind,
  extra ? [ ],
}:
let
  all = import ./systems.nix places;
  inherit (all) lib;
  summary = import ./summary.nix { inherit lib; };
  test = all.evalTest all.tests.${name} { };
in
if kind == "system" then
  { ${name} = summary (all.systems.${name}.extendModules { modules = extra; }); }
else
  lib.mapAttrs' (
    node: config: lib.nameValuePair "test ${name}: ${node}" (summary { inherit config; })
  ) test.config.nodes
  // {
    "test ${name}: driver" = test.config.driver.drvPath;
  }
