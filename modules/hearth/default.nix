# The programs: one file a unit.
{
  imports = [
    ./options.nix
    ./settings.nix
    ./presets.nix
    ./engines
    ./pods.nix
    ./connectors.nix
    ./hub.nix
    ./telegram.nix
    ./keys.nix
  ];
}
