# What the programs stand on.
{
  imports = [
    ./admin.nix
    ./backup
    ./front
    ./gpu.nix
    ./installer.nix
    ./logs.nix
    ./monitoring
    ./network.nix
    ./remote.nix
    ./secrets.nix
    ./storage.nix
    ./updates
  ];
}
