# A box whose backups go to the client, and the box that takes its place: as it comes, and as it is
# set up then.
let
  common = import ./common "elsewhere";
in
arguments:
let
  scenario = common arguments;
in
scenario
// {
  nodes = {
    box.imports = [
      scenario.nodes.box
      ./variants/box-with-sftp.nix
    ];

    newbox = {
      imports = [ scenario.nodes.box ];

      specialisation = {
        box-with-sftp.configuration.imports = [ ./variants/box-with-sftp.nix ];
        box-with-rclone.configuration.imports = [ ./variants/box-with-rclone.nix ];
      };

      # What starts is what the profile names, by the boot loader and not by the test driver.
      virtualisation = {
        useBootLoader = true;
        useEFIBoot = true;
      };
    };

    client =
      { pkgs, ... }:
      {
        imports = [ scenario.nodes.client ];
        environment.systemPackages = [
          pkgs.openssh
          pkgs.rclone
        ];
        networking.firewall.enable = false;
        # Whom a server of SSH becomes before anybody is known to it.
        users.users.sshd = {
          isSystemUser = true;
          group = "sshd";
        };
        users.groups.sshd = { };
      };
  };
}
