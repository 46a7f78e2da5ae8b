# What the installer runs to lay out a disk of the box, by the real disko, with programs from PATH.
{
  places,
  disk,
  encryption,
}:
let
  all = import ./systems.nix places;
  box = all.systems.box.extendModules {
    modules = [ { services.hearth.storage = { inherit disk encryption; }; } ];
  };
in
box.config.system.build.formatMountNoDeps
