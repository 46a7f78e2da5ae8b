# A NixOS machine as a container on Debian's files: no kernel, no boot loader, and /usr is Debian's.
{
  config,
  lib,
  pkgs,
  ...
}:
{
  imports = [
    {
      options.environment = {
        stub-ld = lib.mkOption {
          type = lib.types.anything;
          default = { };
        };
        ldso = lib.mkOption {
          type = lib.types.anything;
          default = null;
        };
      };
    }
  ];

  # Their tmpfiles rules replace or remove the loader of Debian's programs.
  disabledModules = [
    "config/ldso.nix"
    "config/stub-ld.nix"
  ];

  boot.isContainer = true;
  boot.loader.systemd-boot.enable = lib.mkForce false;
  virtualisation.useBootLoader = lib.mkForce false;
  fileSystems = lib.mkOverride 5 { };
  swapDevices = lib.mkOverride 5 [ ];

  networking.useDHCP = lib.mkOverride 5 false;
  networking.useHostResolvConf = lib.mkForce false;
  # Debian's systemd-resolved and openresolv exclude each other.
  networking.resolvconf.enable = lib.mkForce false;

  # A container has no udev that would bring up an interface's addresses.
  systemd.services = lib.mkMerge [
    (lib.mkIf (!config.networking.useNetworkd) (
      lib.mapAttrs' (
        name: _:
        lib.nameValuePair "network-addresses-${name}" {
          wantedBy = [ "multi-user.target" ];
          before = [ "network.target" ];
        }
      ) config.networking.interfaces
    ))
    {
      nscd.enable = false;
      # nixpkgs' driver speaks to its guests through this; ours enters the namespaces.
      backdoor.enable = lib.mkForce false;
    }
  ];

  # Debian's programs bring Debian's name services.
  services.nscd.enable = false;
  system.nssModules = lib.mkForce [ ];

  # /usr is Debian's, and read-only.
  system.activationScripts.binsh = lib.mkForce "";
  system.activationScripts.usrbinenv = lib.mkForce "";

  # What boot.isContainer turns on by itself.
  services.openssh.startWhenNeeded = lib.mkOverride 900 false;

  # The walls let programs run from /nix/store alone; here what lies there are links.
  systemd.packages = [
    (pkgs.writeTextDir "lib/systemd/system/service.d/10-debian.conf" ''
      [Service]
      ExecPaths=/usr /opt/hearth
    '')
  ];

  # Not in Debian.
  services.grafana.enable = lib.mkForce false;
  services.tailscale.enable = lib.mkForce false;
  nix.enable = false;
  # No container inside a NixOS: what a script calls of Nix has a store of its own, and no daemon.
  environment.variables.NIX_REMOTE = lib.mkForce "";

  # Debian's tcpdump becomes this user, where nixpkgs' stays who it is.
  users.users.tcpdump = {
    isSystemUser = true;
    group = "tcpdump";
  };
  users.groups.tcpdump = { };

  # Of no use to a test, and slow to build.
  documentation.enable = lib.mkForce false;
  fonts.fontconfig.enable = lib.mkDefault false;
  services.lvm.enable = lib.mkDefault false;
  xdg.autostart.enable = lib.mkDefault false;
  xdg.icons.enable = lib.mkDefault false;
  xdg.menus.enable = lib.mkDefault false;
  xdg.mime.enable = lib.mkDefault false;
  xdg.sounds.enable = lib.mkDefault false;

}
