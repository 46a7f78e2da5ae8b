# What the backup's files share: places, names, and who is backed up.
{ lib, cfg }:
let
  inherit (lib)
    attrNames
    attrValues
    concatMap
    filterAttrs
    hasPrefix
    unique
    ;
  backup = cfg.backup;
  names = import ../../lib/names.nix { inherit lib; };
  others = filterAttrs (_: state: state.program == null) cfg.state;
in
rec {
  inherit names;
  user = names.user "backup";
  staging = "${cfg.dataDir}/snapshots";
  records = "${cfg.dataDir}/backups";
  scratch = "${cfg.dataDir}/scratch";
  hearth = "${cfg.package}/bin/hearth";
  settings = "--config /etc/hearth/hearth.toml";

  # hearth.config.operation.is_folder
  isFolder = builtins.match "[a-z0-9]+:.*" backup.repository == null;
  isSftp = hasPrefix "sftp:" backup.repository;
  # hearth.ops.backup.sftp
  sftpPort =
    let
      found = builtins.match "sftp://([^/]*@)?([^]:/]+|\\[[^]]+])(:([0-9]+))?/.*" backup.repository;
      port = if found == null then null else builtins.elemAt found 3;
    in
    if port == null then 22 else lib.toInt port;
  onDataDisk = isFolder && hasPrefix "${cfg.dataDir}/" backup.repository;

  pods = filterAttrs (_: pod: pod.enable) cfg.pods;
  localEngines = attrNames (filterAttrs (_: engine: engine.url == null) cfg.engines);
  # Those who copy their databases themselves, and the folders that need no copy.
  programs = filterAttrs (_: state: state.program != null) cfg.state;
  folders = concatMap (state: state.folders) (attrValues others);
  hooks = unique (concatMap (state: state.before) (attrValues cfg.state));

  tmpfiles = mode: owner: {
    d = {
      inherit mode;
      user = owner;
      group = user;
    };
  };
}
