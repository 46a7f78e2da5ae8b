# What makes the set a package set: its platform, its stdenv, and the ways to call packages.
{
  lib,
  nixpkgs,
  platform,
  pkgs,
  stub,
  ...
}:
let
  mkDerivation = import ./derivation.nix { inherit lib pkgs; };

  # As callPackage, but what the set lacks is a stub.
  callWith =
    set: function: arguments:
    let
      called = if lib.isFunction function then function else import function;
      wanted = lib.filterAttrs (name: hasDefault: !hasDefault || set ? ${name}) (
        lib.functionArgs called
      );
    in
    lib.makeOverridable called (
      lib.mapAttrs (name: _: set.${name} or (stub.make [ name ] { })) wanted // arguments
    );
in
{
  _type = "pkgs";
  inherit lib pkgs;
  config = {
    allowAliases = false;
    allowUnfree = true;
  };
  overlays = [ ];
  path = nixpkgs;
  system = "x86_64-linux";
  hostPlatform = platform;

  stdenv = stub.extend (stub.tree [ "stdenv" ] { }) {
    inherit mkDerivation;
    inherit (platform)
      is64bit
      isAarch32
      isAarch64
      isBigEndian
      isDarwin
      isLinux
      isLittleEndian
      isi686
      isx86_32
      isx86_64
      system
      ;
    hostPlatform = platform;
    buildPlatform = platform;
    targetPlatform = platform;
    cc = stub.make [ "cc" ] { } // {
      libc = pkgs.glibc;
      bintools = stub.make [ "binutils" ] { } // {
        dynamicLinker = "/lib64/ld-linux-x86-64.so.2";
      };
    };
    shell = "${pkgs.bash}/bin/bash";
    shellDryRun = "/bin/bash -n -O extglob";
  };
  stdenvNoCC = pkgs.stdenv;

  buildPackages = pkgs;
  pkgsBuildBuild = pkgs;
  pkgsStatic = pkgs;
  pkgsi686Linux = pkgs;
  targetPackages = pkgs;
  splicedPackages = pkgs;
  __splicedPackages = pkgs;

  callPackage = callWith pkgs;
  callPackages = callWith pkgs;
  newScope = extra: callWith (pkgs // extra);
  extend = _: pkgs;
  appendOverlays = _: pkgs;
  recurseIntoAttrs = set: set;

  nixos =
    configuration:
    import (nixpkgs + "/nixos/lib/eval-config.nix") {
      inherit lib pkgs;
      system = null;
      modules = lib.toList configuration;
    };
  nixosTests = { };
}
