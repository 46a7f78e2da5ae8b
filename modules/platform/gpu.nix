# NVIDIA's driver, for engines that were given a GPU. It is unfree, so somebody has to ask for it.
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
    mkOption
    types
    ;
  hearth = config.services.hearth;
  cfg = hearth.gpu.nvidia;
  users = lib.attrNames (lib.filterAttrs (_: engine: engine.gpus != [ ]) hearth.engines);
in
{
  options.services.hearth.gpu.nvidia = {
    enable = mkEnableOption ''
      NVIDIA's driver and CUDA in the model server. Both are unfree: enabling this accepts NVIDIA's
      licence. CUDA makes the model server a long build, unless a binary cache has it'';

    openModule = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether to use the kernel module whose source is open. It knows cards from Turing (RTX 20) on;
        older ones need `false`, and often an older driver as hardware.nvidia.package.
      '';
    };
  };

  config = mkIf hearth.enable {
    assertions = [
      {
        assertion = users == [ ] || cfg.enable;
        message = ''
          services.hearth.engines.${lib.concatStringsSep ", " users}.gpus: without a driver there is
          no GPU. Set services.hearth.gpu.nvidia.enable = true (it is unfree), or gpus = [ ].
        '';
      }
    ];

    # A package set that somebody else made has somebody else's configuration.
    nixpkgs.config = mkIf (cfg.enable && !options.nixpkgs.pkgs.isDefined) {
      cudaSupport = true;
      allowUnfreePredicate =
        package:
        let
          licences = lib.toList (package.meta.license or [ ]);
          # CUDA's own, and those of the two libraries beside it that torch needs.
          cuda =
            licence:
            let
              name = licence.shortName or "";
            in
            lib.hasPrefix "CUDA" name
            || lib.elem name [
              "cuDNN EULA"
              "cuSPARSELt EULA"
            ];
        in
        lib.hasPrefix "nvidia-" (lib.getName package) || lib.any cuda licences;
    };

    hardware = mkIf cfg.enable {
      graphics.enable = mkDefault true;
      nvidia = {
        open = mkDefault cfg.openModule;
        # The devices stay when nobody uses them: an engine that starts must find them.
        nvidiaPersistenced = mkDefault true;
        nvidiaSettings = mkDefault false;
      };
    };
    # This is how NixOS is told to use the driver; there is no X server here.
    services.xserver.videoDrivers = mkIf cfg.enable [ "nvidia" ];
  };
}
