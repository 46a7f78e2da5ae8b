# Grafana's dashboards, as they are: one JSON file each.
{ lib, runCommand }:
runCommand "hearth-dashboards" { } ''
  mkdir $out
  cp ${
    lib.fileset.toSource {
      root = ./.;
      fileset = lib.fileset.fileFilter (file: file.hasExt "json") ./.;
    }
  }/*.json $out/
''
