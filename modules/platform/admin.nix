# Who looks after the box: one person with a shell at its own screen and, by sudo, every right. Without
# one nobody has a shell.
{
  config,
  lib,
  ...
}:
let
  inherit (lib)
    hasPrefix
    mkDefault
    mkIf
    mkOption
    types
    ;
  cfg = config.services.hearth;
  inherit (cfg) admin;
  inherit (import ../lib/types.nix { inherit lib; }) secretPath;
in
{
  options.services.hearth.admin = {
    name = mkOption {
      type = types.nullOr (types.strMatching "[a-z][a-z0-9._-]{0,30}");
      default = null;
      example = "anna";
      description = ''
        Login of who looks after the box, at its own screen. The installer asks for the password. It
        is no way in by the network: SSH is by key (services.hearth.remote.ssh.enable).
      '';
    };

    passwordFile = mkOption {
      type = secretPath;
      default = "/var/lib/hearth/admin-password";
      description = ''
        A file on the box with the hashed password (`openssl passwd -6`), read when the user is made;
        from then on `passwd` changes it.
      '';
    };
  };

  config = mkIf (cfg.enable && admin.name != null) {
    assertions = [
      {
        assertion = admin.name != "root" && !hasPrefix "hearth-" admin.name;
        message = ''
          services.hearth.admin.name: "${admin.name}" is a user of the box's own. Take a person's name.
        '';
      }
    ];
    users.users.${admin.name} = {
      isNormalUser = true;
      description = "Looks after the box";
      extraGroups = [ "wheel" ];
      hashedPasswordFile = admin.passwordFile;
    };
    # Nobody else may even try.
    security.sudo.execWheelOnly = mkDefault true;
  };
}
