# To try the appliance in QEMU, with the sample household: `nix build .#vm`, run what it says, and
# open https://127.0.0.1:8443 on this machine.
{
  config,
  lib,
  modulesPath,
  ...
}:
let
  hardening = import ../../modules/lib/hardening.nix { inherit lib; };
  household = "${config.services.hearth.dataDir}/knowledge/sample";
in
{
  imports = [
    ../../modules
    (modulesPath + "/virtualisation/qemu-vm.nix")
  ];

  networking.hostName = "hearth-vm";
  time.timeZone = "Europe/Berlin";
  system.stateVersion = lib.mkDefault "26.05";

  virtualisation = {
    cores = 4;
    diskSize = 8192;
    memorySize = 6144;
    forwardPorts = [
      {
        from = "host";
        host.port = 8443;
        guest.port = 443;
      }
    ];
  };

  services.hearth = {
    enable = true;
    welcome = true;
    # The small model: it answers in seconds without a GPU, and invents more than the larger one.
    engines.default = {
      chatModel = "qwen2.5-coder-0.5b-instruct";
      fromStore = true;
    };
    pods = {
      family = {
        kind = "family";
        sources.household = "${household}/family";
      };
      finance = {
        kind = "finance";
        sources.household = "${household}/finance";
      };
    };
    # A guest that is thrown away has nothing to go back to.
    updates.gate = false;
  };

  # The sample household is dated around the day on which it is made.
  systemd.services.hearth-sample = {
    description = "Hearth: the sample household";
    wantedBy = [ "multi-user.target" ];
    before = [
      "hearth-pod-family.service"
      "hearth-pod-finance.service"
    ];
    unitConfig.ConditionPathExists = "!${household}";
    path = [ config.services.hearth.package ];
    script = ''
      folder=$(mktemp -d)
      hearth sample --into "$folder"
      chmod -R a+rX "$folder"
      mv "$folder/household" ${household}
    '';
    # Root's own folder, and no power of root's.
    serviceConfig = hardening.isolated // {
      Type = "oneshot";
      TemporaryFileSystem = hardening.emptied [ config.services.hearth.dataDir ];
      BindPaths = [ (dirOf household) ];
      NoExecPaths = hardening.notExecutable [ (dirOf household) ];
    };
  };

  # The console of a guest that only its owner reaches.
  users.users.root.initialPassword = "";
  services.getty.autologinUser = "root";
}
