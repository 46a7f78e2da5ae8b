# Updates: switch to another version, and come back from one that is not well. There are three nets:
# the check before a switch (a fresh backup exists), `hearth update run` (which rolls back a switch
# after which something is not well), and the gate at start (gate.nix).
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  inherit (lib)
    literalExpression
    mkDefault
    mkForce
    mkIf
    mkMerge
    mkOption
    optionalAttrs
    types
    ;
  hearth = config.services.hearth;
  cfg = hearth.updates;

  toml = "/etc/hearth/hearth.toml";
  flake = if cfg.flake != null then cfg.flake else "/etc/nixos";
  backedUp = (hearth.settings.backup.repository or null) != null;
  inherit (import ./scripts.nix { inherit config lib pkgs; })
    bring
    difference
    judge
    rollback
    switch
    ;
in
{
  imports = [ ./gate.nix ];

  options.services.hearth.updates = {
    gate = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether a version has to prove itself at its first start: when not everything is well within
        `healthSeconds`, the box goes back to the version that was last well and starts again. A
        version that does not come up far enough to run this needs boot counting in systemd-boot,
        which is used where nixpkgs has the option.
      '';
    };

    healthSeconds = mkOption {
      type = types.ints.between 30 3600;
      default = 300;
      description = "Seconds within which everything must be well after a start or a switch.";
    };

    bootTries = mkOption {
      type = types.ints.between 1 9;
      default = 3;
      description = "Starts that the boot loader gives a version that was never well.";
    };

    requireBackup = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether a switch is refused while there is no backup younger than its limit; only where
        backups are configured. `NIXOS_NO_CHECK=1` lets one `nixos-rebuild` through.
      '';
    };

    flake = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "git+https://example.org/house/box";
      description = "Where updates come from; the folder /etc/nixos on the box when null.";
    };

    configuration = mkOption {
      type = types.strMatching "[A-Za-z0-9_-]+";
      default = "box";
      description = "Which of the flake's nixosConfigurations this box is.";
    };

    automatic = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether the box fetches and switches by itself. This is the one program that then goes out:
        to the place that `flake` names, and to the binary caches of nix.settings. It goes through the
        steps of `hearth update run`.
      '';
    };

    schedule = mkOption {
      type = types.str;
      default = "Sun 04:10";
      example = "*-*-* 03:30";
      description = "When automatic updates happen, as systemd's OnCalendar.";
    };

    allowedSigners = mkOption {
      type = types.attrsOf (types.strMatching "(ssh-ed25519|sk-ssh-ed25519@openssh\\.com|ecdsa-sha2-[a-z0-9-]+) [A-Za-z0-9+/=]+.*");
      default = { };
      example = literalExpression ''{ "updates@example.org" = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA…"; }'';
      description = ''
        Who may sign an update that comes on a stick, with their public SSH key, by name. Nobody by
        default: an unsigned stick is refused.
      '';
    };
  };

  config = mkIf hearth.enable (mkMerge [
    {
      services.hearth.settings.update = {
        switch = mkDefault [
          switch
          "{new}"
        ];
        rollback = mkDefault [ rollback ];
        difference = mkDefault [
          difference
          "{new}"
        ];
        bring = mkDefault [
          bring
          "{file}"
        ];
        allowed_signers = mkDefault "/etc/hearth/allowed_signers";
        health = mkDefault [
          judge
          (toString cfg.healthSeconds)
        ];
        health_seconds = mkDefault cfg.healthSeconds;
      };

      environment.etc."hearth/allowed_signers" = mkIf (cfg.allowedSigners != { }) {
        text = lib.concatStrings (
          lib.mapAttrsToList (name: key: "${name} namespaces=\"hearth-update\" ${key}\n") cfg.allowedSigners
        );
      };

      system.autoUpgrade = mkIf cfg.automatic {
        enable = true;
        inherit flake;
        dates = cfg.schedule;
        # A new kernel waits for the next start that somebody wants.
        allowReboot = mkDefault false;
        randomizedDelaySec = mkDefault "30min";
      };
      # By the same steps as an update that somebody asks for, and so with the way back.
      systemd.services.nixos-upgrade = mkIf cfg.automatic {
        script = mkForce "exec ${hearth.package}/bin/hearth update run --yes --config ${toml} ${lib.escapeShellArg flake}";
      };
    }

    (optionalAttrs (options ? system.preSwitchChecks) {
      system.preSwitchChecks.hearthBackup = mkIf (cfg.requireBackup && backedUp) ''
        if [ "''${2:-switch}" = switch ] && [ -z "''${HEARTH_NO_BACKUP_CHECK:-}" ] && [ -e ${toml} ]; then
          ${hearth.package}/bin/hearth backup status --config ${toml}
        fi
      '';
    })
  ]);
}
