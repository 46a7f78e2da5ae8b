# Two ends of an installation: the stick (services.hearth.installer), which carries everything that
# is needed without a network, and the first start of what it installed (services.hearth.welcome).
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
    mkEnableOption
    mkForce
    mkIf
    mkMerge
    mkOption
    optionalAttrs
    types
    ;
  cfg = config.services.hearth.installer;
  hearth = config.services.hearth;
  hardening = import ../lib/hardening.nix { inherit lib; };
  stick = "/run/hearth-stick";

  # The box as it will stand on a disk, and the same with an encrypted one, which starts by another
  # initrd. What somebody chooses differs from one of them by a few text files.
  variants = map (
    encryption:
    (cfg.target.extendModules {
      modules = [
        {
          services.hearth = {
            welcome = true;
            engines.default.fromStore = true;
            storage = {
              inherit encryption;
              disk = mkDefault "/dev/disk/by-id/chosen-at-installation";
            };
          };
        }
      ];
    }).config.system.build
  ) [
    "none"
    "tpm2"
  ];

  # To build those text files again, their builders must be there as well. Not everything that ever
  # built the system: that would be its whole source code, and no stick holds it.
  withBuilders = build: [
    build
    (build.inputDerivation or build)
  ];

  carried =
    cfg.sources
    ++ [
      pkgs.stdenv
      pkgs.stdenvNoCC
    ]
    ++ lib.concatMap (
      build:
      lib.concatMap withBuilders (
        [
          build.toplevel
          build.etc
          build.initialRamdisk
        ]
        ++ lib.optional (build ? formatMount) build.formatMount
      )
    ) (lib.optionals (cfg.target != null) variants);
in
{
  options.services.hearth.installer = {
    enable = mkEnableOption "the installer, on a stick";

    target = mkOption {
      type = types.nullOr types.raw;
      default = null;
      example = literalExpression "self.nixosConfigurations.box";
      description = "The NixOS system that the stick carries.";
    };

    source = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = literalExpression "self.outPath";
      description = "Hearth's own source, which the box keeps beside its configuration.";
    };

    sources = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Sources of the flake's inputs, with which the stick evaluates without a network.";
    };
  };

  options.services.hearth.welcome = mkOption {
    type = types.bool;
    default = false;
    description = ''
      Whether the box's screen shows its address, a QR code and a one-time link until somebody has
      signed in for the first time.
    '';
  };

  config = mkMerge [
    (mkIf cfg.enable {
      environment.systemPackages = [ pkgs.hearth.install ];
      environment.etc = {
        "hearth-install/template".source = ../../hosts/template;
        "hearth-install/source" = mkIf (cfg.source != null) { inherit (cfg) source; };
      };
      nix.settings = {
        experimental-features = [
          "nix-command"
          "flakes"
        ];
        # Never ask the network: what is not on the stick is an error, said at once.
        substituters = mkForce [ ];
        flake-registry = "";
      };

      # A stick (or a second partition of this one) labelled HEARTH answers all questions.
      systemd.services.hearth-install-unattended = {
        description = "Hearth: install without questions";
        wantedBy = [ "multi-user.target" ];
        path = [
          config.nix.package
          pkgs.util-linux
        ];
        # Nix keeps what it has evaluated in a home.
        environment.HOME = "/var/cache/hearth-install";
        serviceConfig = hardening.installer // {
          Type = "oneshot";
          StandardOutput = "journal+console";
          StandardError = "journal+console";
          CacheDirectory = "hearth-install";
        };
        script = ''
          # Sticks come late, and nixpkgs has no unit any more that waits for them.
          udevadm settle || true
          [ -e /dev/disk/by-label/HEARTH ] || exit 0
          mkdir -p ${stick}
          mountpoint -q ${stick} || mount -o ro,nosuid,nodev,noexec /dev/disk/by-label/HEARTH ${stick}
          if [ -e ${stick}/install.toml ]; then
            exec ${pkgs.hearth.install}/bin/hearth-install --unattended ${stick}/install.toml
          fi
        '';
      };

      # In place of NixOS's own, which speaks of a network.
      services.getty.helpLine = mkForce ''

        To install Hearth on a disk of this machine, type:  sudo hearth-install
      '';
    })

    (optionalAttrs (options ? isoImage) {
      isoImage.storeContents = mkIf cfg.enable carried;
    })

    (mkIf (hearth.enable && hearth.welcome) {
      systemd.services.hearth-welcome = {
        description = "Hearth: how to sign in for the first time";
        wantedBy = [ "multi-user.target" ];
        after = [ "hearth-hub.service" ];
        unitConfig.ConditionPathExists = "!/var/lib/hearth-welcome/signed-in";
        # It asks the hub for a link as root and writes to the login prompt's folder, nothing else.
        serviceConfig = hardening.networked // {
          ExecStart = "${pkgs.hearth.install}/bin/hearth-welcome";
          Restart = "on-failure";
          RestartSec = 5;
          StateDirectory = "hearth-welcome";
          NoExecPaths = hardening.notExecutable [
            "/dev/shm"
            "/run"
            "/var/lib/hearth-welcome"
          ];
          ReadWritePaths = [ "/run" ];
          # `ip` reads the addresses by netlink.
          RestrictAddressFamilies = [
            "AF_UNIX"
            "AF_NETLINK"
          ];
        };
      };
    })
  ];
}
