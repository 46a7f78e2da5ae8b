# Caddy: the one program that the household's network can reach. It ends TLS and hands every
# request to the hub over a Unix socket.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    any
    attrNames
    filterAttrs
    hasSuffix
    literalExpression
    mapAttrsToList
    mkDefault
    mkIf
    mkOption
    types
    ;
  cfg = config.services.hearth;
  front = cfg.front;
  names = import ../../lib/names.nix { inherit lib; };
  hardening = import ../../lib/hardening.nix { inherit lib; };
  caddy = config.services.caddy;

  hostNameType = types.strMatching "[a-z0-9]([a-z0-9.-]*[a-z0-9])?";
  publicCa = front.tls == "acme" && front.acmeServer == null;
  onlyInside = any (suffix: hasSuffix suffix front.hostName) [
    ".local"
    ".home.arpa"
    ".internal"
    ".lan"
  ];
in
{
  options.services.hearth.front = {
    enable = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether Caddy stands before the hub. Without it only the box itself reaches the hub.";
    };

    hostName = mkOption {
      type = hostNameType;
      default = "${config.networking.hostName}.local";
      defaultText = literalExpression ''"''${config.networking.hostName}.local"'';
      example = "hearth.example.org";
      description = "The name that members type. It is also the one in sign-in links.";
    };

    aliases = mkOption {
      type = types.listOf hostNameType;
      default = [ ];
      example = [ "hearth.home.arpa" ];
      description = "Further names inside the house. Their certificates come from the box's own CA.";
    };

    tls = mkOption {
      type = types.enum [
        "internal"
        "acme"
        "tailscale"
      ];
      default = "internal";
      example = "acme";
      description = ''
        Who vouches for `hostName`: the box's own CA, which needs no internet and must be trusted
        once on each device (http://HOSTNAME/trust says how); a CA that speaks ACME; or Tailscale.
      '';
    };

    acmeEmail = mkOption {
      type = types.nullOr (types.strMatching "[^@ ]+@[^@ ]+");
      default = null;
      example = "anna@example.org";
      description = "Where the public CA writes when a certificate cannot be renewed.";
    };

    acmeServer = mkOption {
      type = types.nullOr (types.strMatching "https://.+");
      default = null;
      example = "https://ca.home.arpa/acme/local/directory";
      description = "The directory of an ACME server of one's own; public CAs when null.";
    };

    acmeRoot = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = literalExpression "./home-root.crt";
      description = "The root certificate that vouches for `acmeServer`, if no public CA does.";
    };

    openFirewall = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether ports 80 and 443 are open to the network.";
    };

    routes = mkOption {
      type = types.lines;
      default = "";
      internal = true;
      description = "Caddyfile `handle` blocks of other modules, on the house's own site.";
    };

    opsPort = mkOption {
      type = types.port;
      default = 8421;
      example = 9421;
      description = "Loopback port on which Prometheus reads every program's health and metrics.";
    };
  };

  config = mkIf (cfg.enable && front.enable) {
    assertions = [
      {
        assertion = publicCa -> front.acmeEmail != null;
        message = ''
          services.hearth.front.acmeEmail: a public CA needs an address to write to. Set it, or use
          tls = "internal".
        '';
      }
      {
        assertion = publicCa -> !onlyInside;
        message = ''
          services.hearth.front.hostName: no public CA vouches for "${front.hostName}", a name that
          exists only inside the house. Set a name of a domain that you own, an acmeServer of your
          own, or tls = "internal".
        '';
      }
      {
        assertion = front.tls == "tailscale" -> hasSuffix ".ts.net" front.hostName;
        message = ''
          services.hearth.front.hostName: Tailscale vouches only for the machine's own MagicDNS name.
          Set hostName = "MACHINE.TAILNET.ts.net", as `tailscale status` shows it.
        '';
      }
      {
        assertion = front.tls == "tailscale" -> cfg.remote.tailscale.enable;
        message = ''
          services.hearth.front.tls: certificates of Tailscale need
          services.hearth.remote.tailscale.enable = true.
        '';
      }
      {
        assertion =
          cfg.network.mdns && hasSuffix ".local" front.hostName
          -> front.hostName == "${config.networking.hostName}.local";
        message = ''
          services.hearth.front.hostName: "${front.hostName}" is not the name that mDNS announces. Set
          networking.hostName to its first part, or leave hostName out.
        '';
      }
    ];

    services.hearth = {
      opsGroup = caddy.group;
      webGroup = caddy.group;
      settings.hub.public_url = mkDefault "https://${front.hostName}";
      network.openPorts = mkIf front.openFirewall [
        80
        443
      ];
      network.uplinkUsers = mkIf (front.tls == "acme") [ caddy.user ];
    };

    services.caddy = {
      enable = true;
      adapter = "caddyfile";
      configFile = pkgs.writeText "Caddyfile" (
        import ./caddyfile.nix {
          inherit lib front;
          inherit (names) socketPath;
          storage = "${caddy.dataDir}/.local/share/caddy";
          page = pkgs.callPackage ./page.nix { inherit (front) hostName; };
          programs = [
            "hub"
          ]
          ++ map names.podProgram (attrNames (filterAttrs (_: pod: pod.enable) cfg.pods))
          ++ map names.engineProgram (attrNames (filterAttrs (_: engine: engine.url == null) cfg.engines))
          ++ map names.telegramProgram (
            attrNames (filterAttrs (_: pod: pod.enable && pod.telegram.enable) cfg.pods)
          );
          # The hub refuses with a clear error what is too long; this only bounds what reaches it.
          bodyBytes = 1048576 + lib.foldl' lib.max 0 (mapAttrsToList (_: pod: pod.fileBytes) cfg.pods);
        }
      );
    };

    systemd.services.caddy.serviceConfig = hardening.networked // {
      # Its admin interface is a Unix socket in here, and not a port that every user could reach.
      RuntimeDirectory = "caddy";
      RuntimeDirectoryMode = "0700";
      # Ports 80 and 443 are below 1024: the capability holds only in the machine's own user
      # namespace. The package's unit asks for more, so the lists begin anew.
      PrivateUsers = false;
      CapabilityBoundingSet = [
        ""
        "CAP_NET_BIND_SERVICE"
      ];
      AmbientCapabilities = [
        ""
        "CAP_NET_BIND_SERVICE"
      ];
      SocketBindAllow = [
        "ipv4:tcp:80"
        "ipv6:tcp:80"
        "ipv4:tcp:443"
        "ipv6:tcp:443"
        "ipv4:tcp:${toString front.opsPort}"
      ];
      SocketBindDeny = "any";
      InaccessiblePaths = [ "-${cfg.dataDir}" ];
      # Its certificates and the box's own authority: nobody else's to see.
      StateDirectoryMode = "0700";
      ReadWritePaths = [ config.services.caddy.dataDir ];
      NoExecPaths = hardening.notExecutable [
        "/dev/shm"
        config.services.caddy.dataDir
        "/run/caddy"
      ];
      MemoryMax = "512M";
      TasksMax = 256;
      Restart = lib.mkForce "always";
    };
  };
}
