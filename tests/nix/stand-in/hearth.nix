# pkgs.hearth: the project's own overlay, with stand-ins for what takes a network or hours to build.
# The environments and the weights are bound into the machines below /opt/hearth.
{
  lib,
  project,
  pkgs,
  stub,
  ...
}:
let
  overlay = project + "/pkgs/overlay.nix";
  own = if builtins.pathExists overlay then (import overlay pkgs pkgs).hearth else { };

  known = builtins.fromTOML (builtins.readFile (project + "/app/hearth/inference/models/models.toml"));

  environment =
    name: programs:
    stub.extend (stub.make [ "hearth-${name}" ] {
      debs = [ ];
      # Python looks beside its program, as it was called, for where its packages are.
      post = lib.concatMapStrings (file: ''
        ln -s /opt/hearth/${name}/${file} $out/${file}
      '') ([ "lib" "pyvenv.cfg" ] ++ map (program: "bin/${program}") programs);
    }) { };

  weight =
    name:
    stub.make [ "hearth-weights-${name}" ] {
      debs = [ ];
      post = "rm -r $out; ln -s /opt/hearth/weights/${name} $out; exit 0";
    };
in
{
  dashboards = stub.make [ "hearth-dashboards" ] { debs = [ ]; };
}
// own
// {
  light = environment "light" [
    "hearth"
    "python"
    "python3"
  ];
  models = environment "models" [
    "python"
    "python3"
  ];
  weights = lib.genAttrs (map (model: model.name) known.model) weight;
  optionsManual = stub.make [ "hearth-options-manual" ] { debs = [ ]; };
}
