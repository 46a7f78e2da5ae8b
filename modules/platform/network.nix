# What may come in and what may go out: one nftables table, the name on the household's network,
# and the lock-out of those who guess passwords.
{
  config,
  lib,
  ...
}:
let
  inherit (lib)
    concatMapStringsSep
    concatStringsSep
    filter
    hasInfix
    literalExpression
    mkDefault
    mkForce
    mkIf
    mkOption
    optionalString
    types
    unique
    ;
  cfg = config.services.hearth;
  network = cfg.network;
  hardening = import ../lib/hardening.nix { inherit lib; };
  ssh = config.services.openssh;

  networkType = types.strMatching "[0-9a-fA-F.:]+(/[0-9]{1,3})?";
  set = elements: "{ ${concatStringsSep ", " (map toString (unique elements))} }";
  four = filter (address: !hasInfix ":" address);
  six = filter (hasInfix ":");

  fromNetworks =
    networks: rule:
    if networks == [ ] then
      rule
    else
      concatStringsSep "\n" (
        lib.optional (four networks != [ ]) "ip saddr ${set (four networks)} ${rule}"
        ++ lib.optional (six networks != [ ]) "ip6 saddr ${set (six networks)} ${rule}"
      );

  input = ''
    chain input {
      type filter hook input priority filter; policy drop;

      iifname "lo" accept
      ct state vmap { established : accept, related : accept, invalid : drop }

      # Errors, path MTU, and IPv6's way of finding neighbours and routers.
      icmp type { destination-unreachable, time-exceeded, parameter-problem } accept
      icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept
      ip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
      ip6 saddr fe80::/10 icmpv6 type { mld-listener-query, mld-listener-report, mld2-listener-report } accept
      icmp type echo-request limit rate 10/second accept
      icmpv6 type echo-request limit rate 10/second accept

      # An address from the household's router: its answers match no connection of ours.
      udp sport 67 udp dport 68 accept
      ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
    ${optionalString network.mdns ''
      # The house's name.
      ip daddr 224.0.0.251 udp dport 5353 accept
      ip6 daddr ff02::fb udp dport 5353 accept
    ''}
    ${optionalString (network.openPorts != [ ]) "tcp dport ${set network.openPorts} accept"}
    ${optionalString ssh.enable (fromNetworks network.sshNetworks "tcp dport ${set ssh.ports} accept")}
    ${network.extraInput}
      limit rate 6/minute burst 12 packets log prefix "hearth refused: " level info
      counter
    }
  '';

  forward = ''
    chain forward {
      # The box is no router.
      type filter hook forward priority filter; policy drop;
    ${network.extraForward}
    }
  '';

  output = ''
    chain output {
      type filter hook output priority filter; policy ${if network.uplink == "open" then "accept" else "drop"};
    ${onePort}
    ${optionalString (network.uplink != "open") (always + optionalString (network.uplink == "updates") updates + refused)}
    }
  '';

  # Who brings something away by one port, whatever else may go out.
  onePort = concatStringsSep "\n" (
    lib.mapAttrsToList (
      user: port:
      "oifname != \"lo\" meta skuid ${set [ user ]} ct state new meta l4proto { tcp, udp } th dport != ${
        set [
          53
          port
        ]
      } counter reject with icmpx admin-prohibited"
    ) network.uplinkPorts
  );

  # Answers, and what it takes to be found in the household's network.
  always = ''
    oifname "lo" accept
    ct state { established, related } accept
    ${network.extraOutput}
    icmp type { echo-reply, destination-unreachable, time-exceeded } accept
    icmpv6 type { echo-reply, destination-unreachable, packet-too-big, time-exceeded } accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report } accept
    ip protocol igmp accept
    udp sport 68 udp dport 67 accept
    udp sport 546 udp dport 547 accept
    ip daddr 224.0.0.251 udp dport 5353 accept
    ip6 daddr ff02::fb udp dport 5353 accept
  '';
  updates = ''
    # Names and the time, for anyone; the rest only for those who fetch or bring something away.
    meta l4proto { tcp, udp } th dport { 53, 123 } accept
    meta skuid ${set network.uplinkUsers} accept
  '';
  refused = ''
    limit rate 6/minute burst 12 packets log prefix "hearth kept in: " level info
    counter reject with icmpx admin-prohibited
  '';

  # One rule a line, at one depth, without the holes of what does not apply.
  tidy =
    text:
    concatMapStringsSep "\n" (
      line: if line == "}" || lib.hasPrefix "chain" line then line else "  ${line}"
    ) (filter (line: line != "") (map lib.trim (lib.splitString "\n" text)));
in
{
  options.services.hearth.network = {
    uplink = mkOption {
      type = types.enum [
        "open"
        "updates"
        "none"
      ];
      default = "open";
      example = "none";
      description = ''
        What the machine itself may begin to talk to. Pods have no network in any case. `updates`
        lets root and the units that are configured for it out, with names and the time; `none` lets
        the box only answer.
      '';
    };

    mdns = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the box announces NAME.local in the household's network.";
    };

    sshNetworks = mkOption {
      type = types.listOf networkType;
      default = [ ];
      example = [ "192.168.1.0/24" ];
      description = "Networks from which SSH is reachable, where it is enabled; all when empty.";
    };

    openPorts = mkOption {
      type = types.listOf types.port;
      default = [ ];
      internal = true;
      description = "TCP ports that other modules open.";
    };

    uplinkUsers = mkOption {
      type = types.listOf types.str;
      default = [ ];
      internal = true;
      description = ''Users that may begin connections with uplink = "updates".'';
    };

    uplinkPorts = mkOption {
      type = types.attrsOf types.port;
      default = { };
      internal = true;
      description = "The one TCP port of other machines that a user may reach, beside names.";
    };

    extraInput = mkOption {
      type = types.lines;
      default = "";
      example = literalExpression ''"iifname \"wg0\" tcp dport 22 accept"'';
      description = "Further nftables rules for what comes in.";
    };

    extraOutput = mkOption {
      type = types.lines;
      default = "";
      internal = true;
      description = "nftables rules for what goes out where `uplink` is not open.";
    };

    extraForward = mkOption {
      type = types.lines;
      default = "";
      internal = true;
      description = "nftables rules for what passes through; nothing does otherwise.";
    };
  };

  config = mkIf cfg.enable {
    warnings = lib.optional config.networking.firewall.enable ''
      networking.firewall.enable: NixOS's own firewall now stands beside Hearth's table, and a packet
      must pass both. Open ports in both, or leave it off.
    '';

    # Hearth's table says all there is to say in one readable piece; a second firewall, which other
    # modules open by themselves, would only make it harder to see what is reachable.
    networking.firewall.enable = mkDefault false;
    networking.nftables = {
      enable = true;
      # Only our table is replaced at a change, so that a reload forgets no ban of fail2ban's.
      flushRuleset = false;
      tables.hearth = {
        family = "inet";
        content = tidy (input + forward + output);
      };
      # Where the rules are checked at build time the users do not exist.
      preCheckRuleset = mkIf (network.uplink == "updates" || network.uplinkPorts != { }) ''
        sed -i 's/meta skuid {[^}]*}/meta skuid 0/' ruleset.conf
      '';
    };
    services.hearth.network.uplinkUsers = [ "root" ] ++ cfg.connectorUsers;

    services.avahi = mkIf network.mdns {
      enable = true;
      openFirewall = false;
      publish = {
        enable = true;
        addresses = true;
        workstation = false;
        userServices = false;
      };
    };

    services.fail2ban = {
      enable = true;
      maxretry = mkDefault 5;
      bantime = mkDefault "10m";
      bantime-increment = {
        enable = mkDefault true;
        maxtime = mkDefault "24h";
      };
      # What the hub says of a refused sign-in. Nothing in the line but the name is the visitor's,
      # and the hub has taken from that what is no letter, digit, dot, hyphen or underscore.
      jails.hearth = {
        filter.Definition = {
          failregex = "^\\s*(?:\\S+ )?hub(?:\\[\\d+\\])?: sign-in failed login=\\S+ address=<ADDR>$";
          # The journal knows which unit a line came from; no other program can forge that.
          journalmatch = "_SYSTEMD_UNIT=hearth-hub.service";
        };
        settings = {
          action = "hearth";
          findtime = "10m";
        };
      };
    };

    # It reads what strangers wrote into the journal, and commands nft as root.
    systemd.services.fail2ban.serviceConfig = hardening.networked // {
      PrivateUsers = false;
      # nixpkgs adds what iptables and the kernel's audit would need.
      CapabilityBoundingSet = mkForce [
        "CAP_DAC_READ_SEARCH"
        "CAP_NET_ADMIN"
      ];
      RestrictAddressFamilies = [
        "AF_UNIX"
        "AF_NETLINK"
      ];
      IPAddressDeny = "any";
      NoExecPaths = hardening.notExecutable [
        "/dev/shm"
        "-/run/fail2ban"
        "-/var/lib/fail2ban"
        "-/var/log/fail2ban"
      ];
      InaccessiblePaths = [ "-${cfg.dataDir}" ];
      MemoryMax = "256M";
      TasksMax = 64;
    };

    # A table of its own, which stands before ours and outlives its reloads.
    environment.etc."fail2ban/action.d/hearth.conf".text = ''
      [Definition]
      actionstart = nft 'add table inet hearth-bans; add set inet hearth-bans four { type ipv4_addr; }; add set inet hearth-bans six { type ipv6_addr; }; add chain inet hearth-bans input { type filter hook input priority -10; }; flush chain inet hearth-bans input; add rule inet hearth-bans input ip saddr @four tcp dport { 80, 443 } reject with tcp reset; add rule inet hearth-bans input ip6 saddr @six tcp dport { 80, 443 } reject with tcp reset'
      actionstop = nft delete table inet hearth-bans
      actioncheck = nft list table inet hearth-bans
      actionban = nft 'add element inet hearth-bans <set> { <ip> }'
      actionunban = nft 'delete element inet hearth-bans <set> { <ip> }'

      [Init]
      set = four

      [Init?family=inet6]
      set = six
    '';
  };
}
