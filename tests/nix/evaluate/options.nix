# Every option of services.hearth as data, for docs/options.md.
{ places }:
import (places.project + "/pkgs/options.nix") { inherit (places) nixpkgs; }
