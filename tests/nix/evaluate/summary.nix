# What a system comes to, as data: everything that a mistake in a module can spoil.
{ lib }:
system:
let
  inherit (system) config;
  build = config.system.build;
in
{
  units = lib.mapAttrs (_: unit: unit.text) config.systemd.units;
  userUnits = lib.mapAttrs (_: unit: unit.text) config.systemd.user.units;
  etc = lib.mapAttrs (_: entry: {
    inherit (entry) mode target text;
    source = toString entry.source;
  }) (lib.filterAttrs (_: entry: entry.enable) config.environment.etc);
  users = lib.mapAttrs (_: user: {
    inherit (user)
      extraGroups
      group
      home
      isNormalUser
      isSystemUser
      ;
    shell = toString user.shell;
  }) config.users.users;
  groups = lib.mapAttrs (_: group: group.members) config.users.groups;
  tmpfiles = {
    inherit (config.systemd.tmpfiles) rules settings;
  };
  nftables = lib.mapAttrs (_: table: {
    inherit (table) content family;
  }) config.networking.nftables.tables;
  packages = map (package: package.name) config.environment.systemPackages;
  warnings = config.warnings;
  assertions = lib.length config.assertions;
  failed = map (assertion: assertion.message) (
    lib.filter (assertion: !assertion.assertion) config.assertions
  );
  # A failed assertion throws here; the list above says it better.
  toplevel =
    if lib.all (assertion: assertion.assertion) config.assertions then build.toplevel.drvPath else null;
  # What lays out the disk, where one is chosen.
  layout =
    if (config.services.hearth.storage.disk or null) != null then build.formatMount.drvPath else null;
  iso = if build ? isoImage then build.isoImage.drvPath else null;
}
