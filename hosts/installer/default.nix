# The stick: carries a box, its models and the sources of everything, and needs no network.
{
  lib,
  modulesPath,
  ...
}:
{
  imports = [
    ../../modules
    (modulesPath + "/installer/cd-dvd/installation-cd-minimal.nix")
  ];

  networking.hostName = "hearth-installer";
  system.stateVersion = lib.mkForce "26.05";

  services.hearth.installer.enable = true;

  # Not HEARTH: that is the label of the stick with the answers.
  isoImage.volumeID = lib.mkForce "HEARTH-INSTALL";
  # Models hardly compress; this is a tenth of the time for a twentieth more.
  isoImage.squashfsCompression = "zstd -Xcompression-level 6";

  # Nobody can come in over the network while a box is installed.
  services.openssh.enable = lib.mkForce false;
  networking.wireless.enable = lib.mkForce false;
  hardware.enableRedistributableFirmware = true;
  documentation.enable = lib.mkForce false;
}
