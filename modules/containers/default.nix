# Other people's systems beside Hearth, as containers: off by default, and without a way out.
{
  imports = [
    ./podman.nix
    ./llamafarm.nix
    ./airweave.nix
  ];
}
