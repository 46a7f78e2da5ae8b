# The box as it comes, with what a test machine has instead of its disk and its stick of models.
{ lib, ... }:
{
  imports = [ ../../../hosts/box ];

  # The test driver brings the disk, and the store the models.
  services.hearth.storage.enable = lib.mkForce false;
  services.hearth.engines.default.fromStore = true;

  # Its own name and state, and not the test framework's.
  networking.hostName = "hearth";
  system.stateVersion = lib.mkForce "26.05";

  virtualisation = {
    cores = 2;
    memorySize = 6144;
    diskSize = 8192;
  };
}
