# Stand-ins for packages: a store path of links to Debian's files, with every attribute a module
# may ask of a package.
{
  lib,
  pkgs,
  collected,
  debianStatus,
}:
let
  debian = import ./debian.nix;

  # Names of a package that are its own business, not those of a package inside it.
  reserved = [
    "bin"
    "data"
    "dev"
    "doc"
    "drvPath"
    "lib"
    "man"
    "meta"
    "name"
    "out"
    "outPath"
    "override"
    "overrideAttrs"
    "overrideDerivation"
    "overridePythonAttrs"
    "passthru"
    "pkgs"
    "pname"
    "src"
    "type"
    "version"
    "withExtensions"
    "withPackages"
    "withPlugins"
  ];

  # Attributes of packages that are no output; a module must find them missing, or a value.
  notOutputs = reserved ++ [
    "allowedPatterns"
    "enabledPlugins"
    "geoip"
    "interfaceVersion"
    "json"
    "kernelModuleAttribute"
    "luaSupport"
    "modDirVersion"
    "modules"
    "optional-dependencies"
    "propagatedBuildInputs"
    "run"
    "schema_version"
  ];

  isOutput =
    name:
    !(lib.elem name notOutputs)
    && (
      !(lib.hasPrefix "with" name)
      || lib.elem name [
        "withJIT"
        "withoutJIT"
      ]
    );

  # Every output, and whatever else modules read from some package, is the package itself.
  outputs =
    package:
    lib.genAttrs (
      [
        "bin"
        "cli"
        "client"
        "data"
        "debug"
        "dev"
        "doc"
        "info"
        "lib"
        "man"
        "out"
        "sandbox"
        "server"
        "static"
        "tools"
        "unwrapped"
      ]
      ++ lib.filter isOutput collected.attributes
    ) (_: package);

  # A stub with more attributes, which survive an override.
  extend =
    package: attributes:
    let
      result =
        package
        // outputs package
        // {
          override = _: result;
          overrideAttrs = _: result;
        }
        // attributes;
    in
    result;

  # The stub of the package at `path`; `arguments` reach link.sh.
  make =
    path: arguments:
    let
      name = lib.last path;
      pname = lib.concatStringsSep "-" path;
      same = _: make path arguments;
      package = derivation (
        {
          inherit debianStatus;
          name = pname;
          system = "x86_64-linux";
          builder = "/bin/bash";
          args = [
            "-e"
            ./link.sh
          ];
          debs = debian.${name} or [ name ];
        }
        // arguments
      );
    in
    package
    // outputs package
    // {
      inherit pname pkgs;
      inherit (pkgs) stdenv;
      version = "9.9";
      src = package;
      passthru = { };
      outputName = "out";
      outputs = [ "out" ];
      modules = [ ];
      luaSupport = false;
      propagatedBuildInputs = [ ];
      optional-dependencies = { };
      override = same;
      overrideAttrs = same;
      overrideDerivation = same;
      overridePythonAttrs = same;
      withExtensions = same;
      withPackages = same;
      withPlugins = same;
      meta = {
        license = [ ];
        mainProgram = name;
        outputsToInstall = [ "out" ];
        platforms = lib.platforms.all;
      };
    };

  # The stub of a name and of all names below it. What modules call as a function takes anything.
  tree =
    path: below:
    extend (make path { }) (
      lib.optionalAttrs (lib.elem (lib.concatStringsSep "." path) collected.functions) {
        __functor = result: _: result;
      }
      // lib.mapAttrs (name: tree (path ++ [ name ])) (removeAttrs below reserved)
    );
in
{
  inherit
    debian
    extend
    make
    tree
    ;
  # A function of packages that no build of ours needs.
  function = name: _: make [ name ] { };
}
