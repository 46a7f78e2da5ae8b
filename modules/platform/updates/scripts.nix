# The programs that `hearth update` and the health gate call.
{
  config,
  lib,
  pkgs,
}:
let
  cfg = config.services.hearth.updates;
  toml = "/etc/hearth/hearth.toml";
  profile = "/nix/var/nix/profiles/system";
  # The version that was last seen well; hearth-fallback returns to it.
  healthy = "/var/lib/hearth/healthy";
  # The version that ran before the last switch; hearth-rollback returns to it.
  before = "/var/lib/hearth/before";

  nix = "${config.nix.package}/bin/nix --extra-experimental-features 'nix-command flakes'";
  nixEnv = "${config.nix.package}/bin/nix-env --profile ${profile}";
  script = name: text: "${pkgs.writeShellScript name "set -eu\n${text}"}";
  # Before what the caller has: a flake may need the git that is there.
  tools = ''
    export PATH=${
      lib.makeBinPath [
        pkgs.coreutils
        config.systemd.package
      ]
    }:$PATH
  '';

  # What `hearth update run` is told is a built system, or a flake that holds this box's.
  build = ''
    case $1 in
      /nix/store/*) system=$1 ;;
      *) system=$(${nix} build --no-link --print-out-paths \
           "$1#nixosConfigurations.${cfg.configuration}.config.system.build.toplevel") ;;
    esac
  '';
  # A switch ends with 4 when a unit has failed, also one that had failed before it: that one says
  # nothing of the new version, and must not take it back.
  activate = ''
    failed() {
      systemctl list-units --failed --plain --no-legend | cut -d " " -f 1 | sort
    }
    activate() {
      already=$(failed)
      "$1/bin/switch-to-configuration" switch && return
      status=$?
      [ "$status" = 4 ] || exit "$status"
      since=$(comm -13 <(echo "$already") <(failed))
      if [ -n "$since" ]; then
        echo "Failed since the switch:" $since >&2
        exit 4
      fi
    }
  '';
  # Makes the generation that holds a version the profile's own again.
  choose = command: ''
    choose() {
      for link in ${profile}-*-link; do
        [ "$(readlink -f "$link")" = "$1" ] || continue
        number=''${link%-link}
        number=''${number##*-}
        ${command}
        return
      done
      return 1
    }
  '';
  switch = script "hearth-switch" ''
    ${tools}
    ${activate}
    # Said first: what fails further down has changed nothing, and leads back to here as well.
    ln -sfnT "$(readlink -f /run/current-system)" ${before}
    ${build}
    # `hearth update run` has looked at the backups, and may have been told to go without.
    export HEARTH_NO_BACKUP_CHECK=1
    ${nixEnv} --set "$system"
    activate "$system"
  '';
  rollback = script "hearth-rollback" ''
    ${tools}
    ${activate}
    ${choose "${nixEnv} --switch-generation \"$number\""}
    # Not the profile's generation before: a switch to what ran already has made none.
    system=$(readlink -e ${before}) || {
      echo "It is not known which version ran before." >&2
      exit 1
    }
    choose "$system" || ${nixEnv} --set "$system"
    export HEARTH_NO_BACKUP_CHECK=1
    activate "$system"
  '';
  # The new version's own gate; what was seen well is what a bad start later returns to.
  judge = script "hearth-judge" ''
    ${tools}
    /run/current-system/sw/bin/hearth health --wait "$1" --config ${toml}
    ${remember}
  '';
  difference = script "hearth-difference" ''
    ${build}
    ${nix} store diff-closures /run/current-system "$system"
    ${pkgs.diffutils}/bin/diff -u ${toml} "$system${toml}" || [ $? = 1 ]
    "$system/bin/switch-to-configuration" dry-activate 2>&1
  '';

  # A closure that `nix-store --export` wrote, and that `hearth update run` has found signed.
  bring = script "hearth-bring" ''
    brought=$(${config.nix.package}/bin/nix-store --import < "$1")
    # The system comes after everything that it needs.
    echo "''${brought##*$'\n'}"
  '';

  remember = script "hearth-remember-healthy" ''
    ${pkgs.coreutils}/bin/ln -sfnT "$(${pkgs.coreutils}/bin/readlink -f /run/current-system)" ${healthy}
  '';
  fallBack = script "hearth-fall-back" ''
    ${tools}
    ${choose (
      # What nix-env does, without the database that it would ask first: this must not fail.
      "ln -sfnT \"\${link##*/}\" ${profile}.next && mv -fT ${profile}.next ${profile}"
    )}
    now=$(readlink -f /run/current-system)
    good=$(readlink -e ${healthy} || true)
    if [ -z "$good" ]; then
      echo "Not well, and no version is known that was; staying with this one." >&2
      exit 0
    fi
    if [ "$good" = "$now" ]; then
      echo "Not well, but this version was before: another would not help. See hearth doctor." >&2
      exit 0
    fi
    if ! choose "$good"; then
      echo "The version that was well is no generation any more: $good." >&2
      exit 0
    fi
    echo "Not well after the start: going back to generation $number." >&2
    "$good/bin/switch-to-configuration" boot
    exec systemctl reboot
  '';
in
{
  inherit
    bring
    difference
    fallBack
    judge
    remember
    rollback
    switch
    ;
}
