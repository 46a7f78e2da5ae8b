# Every option of services.hearth as data, for docs/options.md.
{
  nixpkgs,
  project,
  ...
}:
import (project + "/pkgs/options.nix") { inherit nixpkgs; }
