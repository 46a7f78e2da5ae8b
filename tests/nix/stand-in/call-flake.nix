# Calls a flake's outputs with given inputs, as Nix does, without its lock and its network.
{ lib }:
folder: inputs:
let
  flake = import (folder + "/flake.nix");
  self = flake.outputs (wanted // { inherit self; }) // {
    inputs = wanted;
    outPath = folder;
    sourceInfo.outPath = folder;
    rev = "0000000000000000000000000000000000000000";
    shortRev = "0000000";
    lastModified = 0;
    lastModifiedDate = "19700101000000";
  };
  # An input that no stand-in stands for shows as its name where it is used.
  wanted = lib.mapAttrs (
    name: _:
    inputs.${name} or (throw "flake input `${name}` has no stand-in: add it to tests/nix/stand-in/inputs.nix")
  ) (flake.inputs or { });
in
self
