# A VM test as containers: what the driver needs, and with it, once realised, the machines' systems.
{ places, name }:
let
  all = import ./systems.nix places;
  test = all.evalTest all.tests.${name} ../stand-in/container.nix;
in
all.pkgs.writeText "machines-${name}" (
  builtins.toJSON {
    name = test.config.name;
    script = test.config.testScriptString;
    nodes = all.lib.mapAttrs (_: node: {
      toplevel = "${node.system.build.toplevel}";
      inherit (node.virtualisation) vlans;
    }) test.config.nodes;
  }
)
