# What the table lists of each mistake; the modules themselves stay unevaluated.
{
  nixpkgs,
  project,
  ...
}:
let
  lib = import (nixpkgs + "/lib");
in
lib.mapAttrs (_: mistake: { inherit (mistake) caught; }) (import ../mistakes.nix)
