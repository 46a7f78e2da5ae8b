# Ways into the box from elsewhere: SSH by key, and Tailscale. Both are off by default.
{
  config,
  lib,
  ...
}:
let
  inherit (lib)
    any
    attrValues
    hasPrefix
    mkDefault
    mkEnableOption
    mkIf
    mkMerge
    mkOption
    types
    ;
  cfg = config.services.hearth;
  remote = cfg.remote;
  hasKey = user: user.openssh.authorizedKeys.keys != [ ] || user.openssh.authorizedKeys.keyFiles != [ ];
in
{
  options.services.hearth.remote = {
    ssh.enable = mkEnableOption "SSH, by key alone";

    tailscale = {
      enable = mkEnableOption "Tailscale, a private way to the box from elsewhere";

      authKeyFile = mkOption {
        type = types.nullOr (types.strMatching "/.+");
        default = null;
        example = "/run/secrets/tailscale-auth-key";
        description = ''
          A file on the box with the auth key. Without one, `tailscale up` is run by hand once.
        '';
      };
    };
  };

  config = mkIf cfg.enable (mkMerge [
    (mkIf remote.ssh.enable {
      assertions = [
        {
          assertion = any hasKey (attrValues config.users.users);
          message = ''
            services.hearth.remote.ssh.enable: nobody could sign in, since no user has a key. Set
            users.users.NAME.openssh.authorizedKeys.keys, or leave SSH off.
          '';
        }
      ];
      services.openssh = {
        enable = true;
        openFirewall = false;
        settings = {
          PasswordAuthentication = false;
          KbdInteractiveAuthentication = false;
          PermitRootLogin = mkDefault "prohibit-password";
          AuthenticationMethods = mkDefault "publickey";
          X11Forwarding = false;
          AllowAgentForwarding = mkDefault false;
          MaxAuthTries = mkDefault 3;
          LoginGraceTime = mkDefault 20;
        };
      };
    })

    (mkIf remote.tailscale.enable {
      assertions = [
        {
          assertion =
            remote.tailscale.authKeyFile == null || !hasPrefix builtins.storeDir remote.tailscale.authKeyFile;
          message = ''
            services.hearth.remote.tailscale.authKeyFile: everyone on the box can read the Nix store.
            Name a file outside it as a string, such as "/run/secrets/tailscale-auth-key".
          '';
        }
      ];
      services.tailscale = {
        enable = true;
        openFirewall = false;
        inherit (remote.tailscale) authKeyFile;
        # Caddy fetches the certificate of the machine's MagicDNS name.
        permitCertUid = mkIf (cfg.front.tls == "tailscale") config.services.caddy.user;
        # Nothing about the house goes into a log of its maker.
        extraDaemonFlags = [ "--no-logs-no-support" ];
      };
      services.hearth.network.extraInput = ''
        # Direct tunnels; without them Tailscale goes by its relays.
        udp dport ${toString config.services.tailscale.port} accept
      '';
      # mDNS belongs in the house.
      services.avahi.denyInterfaces = mkIf cfg.network.mdns [ config.services.tailscale.interfaceName ];
    })
  ]);
}
