# With a second box, which takes the place of the first.
{ ... }@given:
let
  one = import ./common "restore" given;
in
one // { nodes = one.nodes // { newbox = ./common/box.nix; }; }
