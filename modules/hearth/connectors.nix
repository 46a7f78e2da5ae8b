# hearth-connector-POD-NAME: fetches from one address into one folder, which the pod then reads. The
# pod has no network, and the connector sees nothing of the pod.
{
  config,
  lib,
  ...
}:
let
  inherit (lib)
    concatLists
    filterAttrs
    literalExpression
    mapAttrs
    mapAttrs'
    mapAttrsToList
    mkIf
    mkOption
    nameValuePair
    optionals
    stringLength
    substring
    types
    ;
  cfg = config.services.hearth;
  names = import ../lib/names.nix { inherit lib; };
  hardening = import ../lib/hardening.nix { inherit lib; };
  inherit (import ../lib/types.nix { inherit lib; }) secretPath;

  pods = filterAttrs (_: pod: pod.enable) cfg.pods;
  inbox = "${cfg.dataDir}/inbox";

  # Every connector of every pod, with what it is called.
  connectors = concatLists (
    mapAttrsToList (
      pod: mapAttrsToList (
        name: chosen:
        chosen
        // {
          inherit pod name;
          program = names.connectorProgram pod name;
          user = userOf pod name;
          place = "${inbox}/${pod}/${name}";
        }
      )
    ) (mapAttrs (_: pod: pod.connectors) pods)
  );
  each = make: lib.listToAttrs (map make connectors);

  # Linux takes no user's name of more than 31 letters.
  userOf =
    pod: name:
    let
      full = names.user (names.connectorProgram pod name);
      short = substring 0 12 (builtins.hashString "sha256" full);
    in
    if stringLength full <= 31 then full else names.user "connector-${short}";

  # Where it may not go: never to what the box serves to itself alone, and into the household's
  # network by `lan` only.
  denied = lan: [
    "localhost"
    "link-local"
    "multicast"
  ] ++ optionals (!lan) [
    "10.0.0.0/8"
    "100.64.0.0/10"
    "172.16.0.0/12"
    "192.168.0.0/16"
    "fc00::/7"
  ];

  unit =
    connector:
    nameValuePair (names.unit connector.program) {
      description = "Hearth: fetch ${connector.name} for the pod ${connector.pod}";
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      unitConfig.RequiresMountsFor = [ cfg.dataDir ];
      environment.SSL_CERT_FILE = "/etc/ssl/certs/ca-certificates.crt";
      serviceConfig = hardening.networked // {
        Type = "oneshot";
        User = connector.user;
        Group = connector.user;
        ExecStart = "${cfg.package}/bin/python -m hearth.services.connector --pod ${connector.pod} --name ${connector.name} --config /etc/hearth/hearth.toml";
        # The address is a secret: whoever has it reads the calendar.
        LoadCredential = [ "${connector.program}:${toString connector.urlFile}" ];
        # Its own folder, and who tells names and addresses apart (by a Unix socket, so that the
        # addresses below can be closed to it).
        TemporaryFileSystem = hardening.emptied [ cfg.dataDir ];
        BindPaths = [ connector.place ];
        BindReadOnlyPaths = hardening.reports ++ hardening.resolvers;
        NoExecPaths = hardening.notExecutable ([ connector.place ] ++ hardening.resolvers);
        IPAddressDeny = denied connector.lan;
        # The folder hands its group, the pod's, down to what is laid into it.
        UMask = "0027";
        SyslogIdentifier = names.unit connector.program;
        TimeoutStartSec = "5min";
        CPUWeight = 20;
        MemoryMax = "512M";
        TasksMax = 32;
        Nice = 10;
      };
    };

  timer =
    connector:
    nameValuePair (names.unit connector.program) {
      description = "Hearth: when ${connector.name} is fetched for the pod ${connector.pod}";
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnBootSec = "1min";
        OnUnitActiveSec = connector.every;
        RandomizedDelaySec = "1min";
      };
    };

  folder = mode: user: group: {
    d = { inherit mode user group; };
  };

  connector.options = {
    kind = mkOption {
      type = types.enum [ "ics" ];
      example = "ics";
      description = "What there is to fetch: `ics`, a calendar by its address.";
    };
    urlFile = mkOption {
      type = types.nullOr secretPath;
      default = null;
      example = "/run/secrets/school-calendar";
      description = ''
        A file whose one line is the address: `https://…`, also with `NAME:PASSWORD@` before the
        host, or `webcal://…`. Whoever knows such an address can usually read the calendar, so it is
        a secret.
      '';
    };
    every = mkOption {
      type = types.strMatching "[1-9][0-9]{0,2}(min|h|d)";
      default = "15min";
      example = "1h";
      description = "How often it is asked whether there is anything new.";
    };
    lan = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = ''
        Whether the address may be one of the household's own network, such as that of a NAS. What
        the box serves to itself alone is out of reach in any case.
      '';
    };
    caFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = literalExpression "./nas-authority.crt";
      description = "Certificates of authorities that are trusted beside the system's, as PEM.";
    };
  };
in
{
  options.services.hearth.connectorUsers = mkOption {
    type = types.listOf types.str;
    default = map (connector: connector.user) connectors;
    defaultText = literalExpression "those of all connectors";
    readOnly = true;
    internal = true;
    description = "The users that connectors fetch as, who must be let out.";
  };

  options.services.hearth.pods = mkOption {
    type = types.attrsOf (
      types.submodule {
        options.connectors = mkOption {
          type = types.attrsOf (types.submodule connector);
          default = { };
          example = {
            school = {
              kind = "ics";
              urlFile = "/run/secrets/school-calendar";
            };
          };
          description = ''
            What is fetched for this pod, by a name for each (small letters and digits). It lands in
            a folder that the pod reads; members see it in the pod's library under this name.
          '';
        };
      }
    );
  };

  config = mkIf cfg.enable {
    assertions = concatLists (
      map (
        connector:
        let
          option = "services.hearth.pods.${connector.pod}.connectors.${connector.name}";
        in
        [
          {
            assertion = connector.urlFile != null;
            message = ''
              ${option}.urlFile: it does not say where its address lies. Put the address into a file
              on the box, or encrypt it with sops (secrets/README.md), and name that file's path.
            '';
          }
          {
            assertion = builtins.match "[a-z][a-z0-9]{0,15}" connector.name != null;
            message = ''
              ${option}: a connector's name has at most 16 small letters and digits, and begins with a
              letter. Rename it.
            '';
          }
          {
            assertion = !pods.${connector.pod}.sources ? ${connector.name};
            message = ''
              ${option}: the pod has a source of this name. Members would see both as one; rename one
              of them.
            '';
          }
          {
            assertion = cfg.network.uplink or "open" != "none";
            message = ''
              ${option}: services.hearth.network.uplink = "none" lets nobody out. Set it to "updates",
              which lets out what is configured, or remove the connector.
            '';
          }
        ]
      ) connectors
    );

    users.users = each (
      connector:
      nameValuePair connector.user {
        isSystemUser = true;
        group = connector.user;
      }
    );
    users.groups = each (connector: nameValuePair connector.user { });

    systemd.services = each unit;
    systemd.timers = each timer;

    systemd.tmpfiles.settings."10-hearth" = mkIf (connectors != [ ]) (
      {
        ${inbox} = folder "0755" "root" "root";
      }
      // each (
        connector:
        nameValuePair "${inbox}/${connector.pod}" (
          folder "0750" "root" (names.user (names.podProgram connector.pod))
        )
      )
      // each (
        connector:
        nameValuePair connector.place (
          folder "2750" connector.user (names.user (names.podProgram connector.pod))
        )
      )
    );
  };
}
