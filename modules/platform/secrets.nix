# Secrets that an installer ships, decrypted by sops-nix at start into /run/secrets. What is typed on
# the box itself is encrypted by systemd-creds instead and never comes this way.
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib)
    literalExpression
    mkIf
    mkMerge
    mkOption
    optionalAttrs
    types
    ;
  cfg = config.services.hearth.secrets;
  inherit (import ../lib/types.nix { inherit lib; }) secretPath;
  present = options ? sops;
in
{
  options.services.hearth.secrets = {
    file = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = literalExpression "./secrets/box.yaml";
      description = ''
        A file that sops has encrypted. It may lie in the store: only the key opens it.
      '';
    };

    names = mkOption {
      type = types.listOf (types.strMatching "[a-z0-9][a-z0-9._-]*");
      default = [ ];
      example = [ "backup-password" ];
      description = ''
        The names in `file` that this box needs. Each lies at `services.hearth.secrets.paths.<name>`
        at run time, readable by root alone; units get theirs by LoadCredential.
      '';
    };

    keyFile = mkOption {
      type = types.nullOr secretPath;
      default = "/var/lib/hearth/age.key";
      example = "/var/lib/hearth/age.key";
      description = ''
        The age key that opens `file`. The installer puts it there; it stays on the box. With null,
        the box's SSH host key opens it.
      '';
    };

    paths = mkOption {
      type = types.attrsOf secretPath;
      readOnly = true;
      default = lib.genAttrs cfg.names (name: "/run/secrets/${name}");
      defaultText = literalExpression ''{ <name> = "/run/secrets/<name>"; }'';
      description = "Where each secret lies at run time.";
    };
  };

  config = mkMerge [
    {
      assertions = mkIf (config.services.hearth.enable && cfg.names != [ ]) [
        {
          assertion = cfg.file != null;
          message = ''
            services.hearth.secrets.names: ${lib.concatStringsSep ", " cfg.names} cannot be found
            without services.hearth.secrets.file. Make that file with sops: secrets/README.md.
          '';
        }
        {
          assertion = present;
          message = ''
            services.hearth.secrets: nothing here can decrypt. Import sops-nix's NixOS module (the
            flake's nixosModules.default does).
          '';
        }
        {
          # Without a server of its own NixOS makes no host key.
          assertion = cfg.keyFile == null -> config.services.openssh.enable;
          message = ''
            services.hearth.secrets.keyFile: null leaves nothing to decrypt with, since this box has no
            SSH host key. Name a file, or set services.hearth.remote.ssh.enable = true.
          '';
        }
      ];
    }
    (optionalAttrs present {
      sops = mkIf (config.services.hearth.enable && cfg.file != null) {
        defaultSopsFile = cfg.file;
        age = {
          keyFile = cfg.keyFile;
          sshKeyPaths = lib.optional (cfg.keyFile == null) "/etc/ssh/ssh_host_ed25519_key";
        };
        gnupg.sshKeyPaths = [ ];
        secrets = lib.genAttrs cfg.names (_: { });
      };
    })
  ];
}
