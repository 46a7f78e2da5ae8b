# Functions of packages that modules call and that no build of ours needs: they return a stub.
{
  lib,
  pkgs,
  stub,
  ...
}:
let
  initrd =
    _:
    stub.make [ "initrd" ] { }
    // {
      compressorExecutableFunction = packages: "${packages.gzip}/bin/gzip";
      compressorArgs = [ ];
    };
in
lib.genAttrs [
  "aggregateModules"
  "applyPatches"
  "buildGo125Module"
  "buildFHSEnv"
  "fetchFromGitHub"
  "fetchgit"
  "fetchpatch"
  "fetchurl"
  "fetchzip"
  "makeDesktopItem"
  "makeModulesClosure"
  "mkShell"
  "srcOnly"
] stub.function
// {
  makeInitrd = initrd;
  makeInitrdNG = initrd;
  makeInitrdNGTool = stub.make [ "makeInitrdNGTool" ] { };
  compressFirmwareXz = firmware: firmware;
  compressFirmwareZstd = firmware: firmware;
  dockerTools = lib.genAttrs [
    "buildImage"
    "buildLayeredImage"
    "pullImage"
  ] stub.function;
  nixosOptionsDoc =
    _:
    lib.genAttrs [
      "optionsAsciiDoc"
      "optionsCommonMark"
      "optionsDocBook"
      "optionsJSON"
    ] (name: stub.make [ name ] { })
    // {
      optionsNix = { };
    };
}
