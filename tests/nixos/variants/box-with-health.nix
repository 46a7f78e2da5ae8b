# What the box is updated to: one pod more, and the programs of a later Hearth, which the script makes
# on the box (a copy of the package with one revision more) where these find it.
{ lib, ... }:
let
  pods = [
    "family"
    "finance"
    "study"
    "health"
  ];
  programs = [ "hub" ] ++ map (pod: "pod-${pod}") pods;
in
{
  # How long the version after this one is waited for.
  services.hearth.updates.healthSeconds = lib.mkDefault 60;

  services.hearth.pods = lib.genAttrs pods (kind: { inherit kind; });

  systemd.services = lib.genAttrs (
    map (program: "hearth-${program}") programs ++ map (program: "hearth-migrate-${program}") programs
  ) (_: { environment.PYTHONPATH = lib.mkDefault "/var/lib/hearth-next"; });
}
