# The disk: what disko makes of it, and how the system finds it again. The file systems are found by
# their labels, so the same configuration evaluates and runs where no disko is.
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib)
    mkDefault
    mkEnableOption
    mkIf
    mkMerge
    mkOption
    optionalAttrs
    types
    ;
  cfg = config.services.hearth.storage;
  inherit (config.services.hearth) dataDir;
  inherit (import ../lib/types.nix { inherit lib; }) diskSize mebibytes;

  encrypted = cfg.encryption != "none";

  size =
    default: least: meaning:
    mkOption {
      type = diskSize;
      inherit default;
      example = default;
      description = "${meaning}; at least ${least}.";
    };
  atLeast = option: least: {
    assertion = mebibytes cfg.${option} >= mebibytes least;
    message = ''
      services.hearth.storage.${option} = "${cfg.${option}}" is too small to live in. Give it at
      least "${least}".
    '';
  };

  # The box starts without its data too, and says so, rather than hang.
  mountOptions = mountpoint: [ "noatime" ] ++ lib.optional (mountpoint == dataDir) "nofail";

  ext4 = label: mountpoint: {
    type = "filesystem";
    format = "ext4";
    inherit mountpoint;
    mountOptions = mountOptions mountpoint;
    extraArgs = [
      "-L"
      label
    ];
  };

  locked =
    name: content:
    if !encrypted then
      content
    else
      {
        type = "luks";
        name = "hearth-${name}";
        # Only disko reads it, once, when it formats; hearth-install asks for it and removes it. The
        # passphrase stays the way in when the TPM does not know its machine again.
        passwordFile = "/run/hearth-install/passphrase";
        settings = {
          allowDiscards = true;
          crypttabExtraOpts = lib.optional (cfg.encryption == "tpm2") "tpm2-device=auto";
        };
        inherit content;
      };

  layout = {
    disk.main = {
      type = "disk";
      device = cfg.disk;
      # `disko --mode destroy` then refuses this disk; without it, what exists stays as it is.
      destroy = !cfg.keepData;
      content = {
        type = "gpt";
        partitions = {
          ESP = {
            priority = 1;
            size = cfg.espSize;
            type = "EF00";
            content = {
              type = "filesystem";
              format = "vfat";
              mountpoint = "/boot";
              # It holds the initrd, and for some secrets of it: root alone.
              mountOptions = [ "umask=0077" ];
              extraArgs = [
                "-n"
                "HEARTH-ESP"
              ];
            };
          };
          swap = {
            priority = 2;
            size = cfg.swapSize;
            # A key that is thrown away at every start: what was swapped out cannot be read later.
            content = {
              type = "swap";
              randomEncryption = true;
            };
          };
          root = {
            priority = 3;
            size = cfg.rootSize;
            content = locked "root" (ext4 "hearth-root" "/");
          };
          nix = {
            priority = 4;
            size = cfg.nixSize;
            content = locked "nix" (ext4 "hearth-nix" "/nix");
          };
          data = {
            priority = 5;
            size = "100%";
            content = locked "data" (ext4 "hearth-data" dataDir);
          };
        };
      };
    };
  };

  laidOut = options ? disko && cfg.disk != null;
  found = label: fsType: options: {
    device = mkDefault "/dev/disk/by-label/${label}";
    fsType = mkDefault fsType;
    options = mkIf (!laidOut) options;
  };
in
{
  options.services.hearth.storage = {
    enable = mkEnableOption "the appliance's disk layout and boot loader";

    disk = mkOption {
      type = types.nullOr (types.strMatching "/dev/.+");
      default = null;
      example = "/dev/disk/by-id/nvme-Samsung_SSD_990_PRO_2TB_S7KHNJ0W123456";
      description = ''
        The disk that the installer lays out. Its whole contents belong to the box. A name below
        /dev/disk/by-id stays the same when other disks come or go.
      '';
    };

    espSize = size "1G" "768M" "Size of the boot partition, which holds a kernel a generation";
    rootSize = size "40G" "10G" "Size of the system's own files and logs";
    nixSize = size "160G" "30G" "Size of programs (/nix) and containers";
    swapSize = size "32G" "1G" "Size of the swap space";

    encryption = mkOption {
      type = types.enum [
        "none"
        "passphrase"
        "tpm2"
      ];
      default = "none";
      example = "tpm2";
      description = ''
        Whether the disk is encrypted (LUKS2). With `passphrase` somebody has to type it at every
        start. With `tpm2` the box starts by itself in an unchanged machine, and the passphrase is
        the way in when the machine has changed. Swap is always encrypted, with a key for one start.
      '';
    };

    keepData = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether `disko` must leave partitions that exist as they are. `hearth-install --keep-data`
        formats anew everything but the data; without that option it asks, and then wipes the disk.
      '';
    };

    generations = mkOption {
      type = types.ints.between 2 50;
      default = 8;
      description = "How many versions the boot menu offers; each takes 60 to 100 MB of `espSize`.";
    };
  };

  config = mkIf cfg.enable (mkMerge [
    {
      assertions = [
        (atLeast "espSize" "768M")
        (atLeast "rootSize" "10G")
        (atLeast "nixSize" "30G")
        (atLeast "swapSize" "1G")
        {
          assertion = cfg.generations * 90 <= mebibytes cfg.espSize;
          message = ''
            services.hearth.storage.generations: ${toString cfg.generations} kernels do not fit into
            espSize = "${cfg.espSize}". Keep fewer, or make the boot partition larger at the next
            installation.
          '';
        }
        {
          assertion = encrypted -> options ? disko;
          message = ''
            services.hearth.storage.encryption: only disko knows how to open the disk. Import disko's
            NixOS module (the flake's nixosModules.default does), or set encryption = "none".
          '';
        }
      ];

      boot.loader = {
        systemd-boot = {
          enable = mkDefault true;
          configurationLimit = mkDefault cfg.generations;
          # Whoever stands before the box could otherwise become root with one more word.
          editor = mkDefault false;
        };
        efi.canTouchEfiVariables = mkDefault true;
        timeout = mkDefault 3;
      };

      fileSystems = {
        "/" = found "hearth-root" "ext4" (mountOptions "/");
        "/nix" = found "hearth-nix" "ext4" (mountOptions "/nix");
        "/boot" = found "HEARTH-ESP" "vfat" [ "umask=0077" ];
        ${dataDir} = found "hearth-data" "ext4" (mountOptions dataDir);
      };

      services.fstrim.enable = mkDefault true;
    }

    (mkIf encrypted {
      # Only systemd's initrd opens LUKS by a TPM.
      boot.initrd.systemd.enable = mkDefault true;
    })

    (mkIf config.virtualisation.podman.enable {
      # Containers share the space of /nix, so that they cannot fill the system's.
      fileSystems."/var/lib/containers" = {
        device = "/nix/containers";
        fsType = "none";
        options = [
          "bind"
          "X-mount.mkdir"
        ];
        depends = [ "/nix" ];
      };
    })

    (optionalAttrs (options ? disko) {
      disko.devices = mkIf (cfg.disk != null) layout;
    })
  ]);
}
