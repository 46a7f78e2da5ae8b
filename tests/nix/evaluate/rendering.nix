# What the project's own modules render on a host, as one JSON file; once realised, with the texts
# that it names. lab/files.py turns it into tests/rendered/HOST.
{ places, name }:
let
  all = import ./systems.nix places;
  inherit (all) lib;
  inherit (all.systems.${name}) config options;
  own = import ./own.nix {
    inherit lib;
    inherit (places) project;
  };

  kinds = {
    services = "service";
    sockets = "socket";
    timers = "timer";
    targets = "target";
    paths = "path";
    slices = "slice";
  };

  # Units that the project alone defines, whatever their kind: a service's timer may come from
  # its startAt, by a module of nixpkgs.
  sole = kind: lib.subtractLists (own.othersNames options.systemd.${kind}) (own.names options.systemd.${kind});
  soleNames = lib.unique (lib.concatMap sole (lib.attrNames kinds));
  isOwn =
    unit:
    let
      base = lib.head (builtins.match "(.*)\\.[a-z]+" unit);
    in
    lib.hasPrefix "hearth-" unit || lib.elem base soleNames;

  # Services of others that the project changes: its own keys alone, as a drop-in.
  touched = lib.filter (service: !isOwn "${service}.service") (
    lib.intersectLists (own.names options.systemd.services) (lib.attrNames config.systemd.services)
  );
  dropIn =
    service:
    let
      found = own.of options.systemd.services service;
      keys = section: lib.unique (lib.concatMap lib.attrNames (own.below section found));
      chosen = section: lib.getAttrs (keys section) config.systemd.services.${service}.${section};
      lists = lib.filterAttrs (_: value: value != [ ]) (
        lib.genAttrs [
          "after"
          "before"
          "bindsTo"
          "partOf"
          "requires"
          "wants"
        ] (key: lib.concatLists (lib.filter lib.isList (own.below key found)))
      );
    in
    {
      inherit lists;
      unit = chosen "unitConfig";
      service = chosen "serviceConfig";
      environment = lib.mapAttrs (_: toString) (chosen "environment");
    };

  entry = item: {
    inherit (item) mode text user group;
    source = "${item.source}";
  };
  etc = lib.filterAttrs (_: item: item.enable) (own.part options.environment.etc config.environment.etc);

  # Settings of upstream services that the project's options are serialised into.
  files =
    lib.optionalAttrs config.services.caddy.enable {
      "caddy/Caddyfile" = "${config.services.caddy.configFile}";
    }
    // lib.optionalAttrs config.services.grafana.enable {
      "grafana/provisioning" = "${config.services.grafana.settings.paths.provisioning}";
    };

  ruleFiles = lib.concatLists (lib.filter lib.isList (own.definitions options.systemd.tmpfiles.rules));
in
all.pkgs.writeText "rendering-${name}" (
  builtins.toJSON {
    inherit files;
    inherit (config.networking) hostName;
    units = lib.mapAttrs (_: unit: {
      inherit (unit)
        requiredBy
        text
        upheldBy
        wantedBy
        ;
    }) (lib.filterAttrs (unit: value: isOwn unit && value.enable) config.systemd.units);
    dropIns = lib.filterAttrs (_: value: value.lists != { } || value.unit != { } || value.service != { } || value.environment != { }) (
      lib.genAttrs touched dropIn
    );
    etc = lib.mapAttrs' (_: item: lib.nameValuePair item.target (entry item)) etc;
    tmpfiles = {
      rules = ruleFiles;
      settings = own.part options.systemd.tmpfiles.settings config.systemd.tmpfiles.settings;
    };
    users = lib.mapAttrs (_: user: {
      inherit (user)
        extraGroups
        group
        home
        isSystemUser
        uid
        ;
      shell = toString user.shell;
    }) (own.part options.users.users config.users.users);
    groups = lib.mapAttrs (_: group: {
      inherit (group) gid members;
    }) (own.part options.users.groups config.users.groups);
    nftables = lib.mapAttrs (_: table: {
      inherit (table) content family;
    }) (own.part options.networking.nftables.tables config.networking.nftables.tables);
    arguments =
      lib.mapAttrs (service: _: toString config.systemd.services.${service}.serviceConfig.ExecStart)
        (
          lib.optionalAttrs config.services.prometheus.enable { prometheus = null; }
          // lib.optionalAttrs config.services.prometheus.exporters.node.enable {
            prometheus-node-exporter = null;
          }
        );
    prometheus =
      if config.services.prometheus.enable then
        "${config.systemd.services.prometheus.serviceConfig.ExecStart}"
      else
        null;
  }
)
