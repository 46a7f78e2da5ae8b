# What the table lists of each mistake; the modules themselves stay unevaluated.
{ places }:
let
  lib = import (places.nixpkgs + "/lib");
in
lib.mapAttrs (_: mistake: {
  inherit (mistake) caught;
  input = mistake.input or null;
}) (import ../mistakes.nix)
