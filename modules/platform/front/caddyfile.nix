# The Caddyfile, whole: nothing is added to it.
{
  lib,
  front,
  socketPath,
  storage,
  page,
  programs,
  bodyBytes,
}:
let
  inherit (lib) concatMapStrings optionalString;
  # Where the box's own CA is used at all, its root certificate can be fetched.
  ownCa = front.tls == "internal" || front.aliases != [ ];
  hsts = front.tls != "internal";

  tls = {
    internal = "tls internal";
    # By the global e-mail address, with Caddy's own choice of challenge.
    acme = "";
    tailscale = ''
      tls {
        get_certificate tailscale
      }
    '';
  };

  indent = text: lib.replaceStrings [ "\n" ] [ "\n  " ] (lib.removeSuffix "\n" text);

  site = name: certificate: strict: ''
    https://${name} {
      ${indent certificate}
      header {
        Permissions-Policy "camera=(), geolocation=(), microphone=(self), payment=(), usb=()"
        Cross-Origin-Opener-Policy same-origin
        ${optionalString strict ''Strict-Transport-Security "max-age=31536000"''}
        -Server
      }
      ${optionalString ownCa "import trust"}
      ${indent front.routes}
      handle {
        request_body {
          max_size ${toString bodyBytes}
        }
        # Caddy itself sets X-Forwarded-For, -Proto and -Host, and drops what a client sent by
        # these names: the hub believes them on this socket.
        reverse_proxy unix/${socketPath "hub" "web"} {
          # An answer is shown as it is spoken.
          flush_interval -1
        }
      }
    }
  '';

  authority = ''
    skip_install_trust
    pki {
      ca local {
        name "Hearth ${front.hostName}"
        root_cn "Hearth ${front.hostName}"
        intermediate_cn "Hearth ${front.hostName}, intermediate"
      }
    }
  '';

  # The box's own root certificate, and the page that says how a device comes to trust it.
  trust = ''
    (trust) {
      handle /trust/hearth-root.crt {
        header Content-Type application/x-x509-ca-cert
        header Cache-Control no-store
        # Only ever this one file: the keys lie beside it.
        root * ${storage}/pki/authorities/local
        rewrite * /root.crt
        file_server
      }
      @trust path /trust /trust/ /trust/trust.css
      handle @trust {
        header {
          Content-Security-Policy "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
          X-Content-Type-Options nosniff
          Referrer-Policy no-referrer
          -Server
        }
        root * ${page}
        rewrite /trust /trust/
        file_server
      }
    }
  '';

  program = name: ''
    handle /metrics/${name} {
      rewrite * /metrics
      reverse_proxy unix/${socketPath name "ops"}
    }
    handle /healthz/${name} {
      rewrite * /healthz
      reverse_proxy unix/${socketPath name "ops"}
    }
  '';

  text = ''
    {
      admin unix//run/caddy/admin.sock
      storage file_system ${storage}
      auto_https disable_redirects
      grace_period 10s
      ${optionalString (front.acmeEmail != null) "email ${front.acmeEmail}"}
      ${optionalString (front.acmeServer != null) "acme_ca ${front.acmeServer}"}
      ${optionalString (front.acmeRoot != null) "acme_ca_root ${front.acmeRoot}"}
      log {
        output stderr
        level WARN
        # An address may hold a sign-in link, and headers what a member has asked.
        format filter {
          wrap json
          fields {
            request>uri delete
            request>headers delete
            request>tls delete
          }
        }
      }
      ${optionalString ownCa (indent authority)}
      servers {
        # HTTP/3 would open a UDP port.
        protocols h1 h2
        # Caddy 2.9 and later would have this outside `servers`, earlier ones know it only here.
        metrics
      }
    }

    ${optionalString ownCa trust}
    http:// {
      ${optionalString ownCa "import trust"}
      handle {
        redir https://${front.hostName}{uri} 307
      }
    }

    ${site front.hostName tls.${front.tls} hsts}
    ${concatMapStrings (alias: site alias tls.internal false) front.aliases}
    # For Prometheus on this machine, which cannot open the programs' sockets itself.
    http://127.0.0.1:${toString front.opsPort} {
      bind 127.0.0.1
      ${indent (concatMapStrings program programs)}
      handle /metrics/caddy {
        metrics
      }
      handle {
        respond 404
      }
    }
  '';

  # What does not apply leaves no hole, and one empty line stands before each block of its own.
  lines = lib.filter (line: lib.trim line != "") (lib.splitString "\n" text);
  apart = lib.imap0 (
    index: line:
    let
      before = lib.elemAt lines (index - 1);
      begins = index > 0 && !(lib.hasPrefix " " line) && line != "}" && !(lib.hasPrefix "#" before);
    in
    if begins then "\n${line}" else line
  ) lines;
in
# Caddy's own style is tabs, and it complains about anything else.
lib.replaceStrings [ "  " ] [ "\t" ] (lib.concatStringsSep "\n" apart + "\n")
