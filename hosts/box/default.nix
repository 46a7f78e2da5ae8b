# A client's appliance, as it comes.
{ lib, ... }:
{
  imports = [ ../../modules ];

  networking.hostName = lib.mkDefault "hearth";
  time.timeZone = lib.mkDefault "Europe/Berlin";
  system.stateVersion = lib.mkDefault "26.05";

  # Whatever PC it is put on.
  boot.initrd.availableKernelModules = [
    "ahci"
    "nvme"
    "sd_mod"
    "usb_storage"
    "usbhid"
    "xhci_pci"
  ];
  hardware.enableRedistributableFirmware = lib.mkDefault true;

  services.hearth = {
    enable = true;
    storage.enable = true;
    # A client who names pods gets those, and not these as well.
    pods = lib.mkDefault {
      family.kind = "family";
      finance.kind = "finance";
      study.kind = "study";
    };
  };
}
