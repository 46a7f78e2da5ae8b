# A kernel that has every feature a module may assert.
{
  lib,
  pkgs,
  stub,
  mentioned,
  ...
}:
let
  version = "6.12.1";
  older = lib.versionOlder version;
  atLeast = lib.versionAtLeast version;

  kernel =
    stub.extend (stub.make [ "linux" ] { debs = [ "linux-image-cloud-amd64" ]; })
      {
        inherit version;
        inherit (pkgs) stdenv;
        modDirVersion = version;
        target = "bzImage";
        kernelOlder = older;
        kernelAtLeast = atLeast;
        isHardened = false;
        features = {
          efiBootStub = true;
          ia32Emulation = true;
          netfilterRPFilter = true;
        };
        config =
          lib.genAttrs [
            "isEnabled"
            "isModule"
            "isSet"
            "isYes"
          ] (_: _: true)
          // lib.genAttrs [
            "isDisabled"
            "isNo"
          ] (_: _: false);
      };

  # The driver, in as many parts as NixOS's module asks for.
  nvidia =
    name:
    stub.extend (stub.tree [ "nvidia-${name}" ] { }) (
      lib.genAttrs [
        "firmware"
        "lib32"
        "open"
        "persistenced"
        "settings"
      ] (part: stub.make [ "nvidia-${part}" ] { })
      // {
        version = "570.1";
        useProfiles = false;
      }
    );

  linuxPackages = lib.makeExtensible (
    _:
    mentioned.linuxPackages
    // {
      inherit kernel;
      inherit (pkgs) stdenv;
      kernelOlder = older;
      kernelAtLeast = atLeast;
      zfs_stand_in = stub.make [ "zfs" ] { };
      nvidiaPackages = lib.genAttrs [
        "beta"
        "latest"
        "production"
        "stable"
      ] nvidia;
    }
  );
in
{
  inherit linuxPackages;
  linuxPackages_latest = linuxPackages;
  linuxPackagesFor = _: linuxPackages;
  linuxKernel = mentioned.linuxKernel // {
    packages = { };
  };
  zfs = stub.extend (stub.tree [ "zfs" ] { }) {
    kernelModuleAttribute = "zfs_stand_in";
    latestCompatibleLinuxPackages = linuxPackages;
  };
}
