# The builders of text and of link farms: nixpkgs' own where it has them in files of their own.
{
  lib,
  aux,
  pkgs,
  ...
}:
let
  inherit (pkgs.stdenv) mkDerivation;

  trivial = import (aux + "/build-support/trivial-builders/default.nix") {
    inherit lib;
    inherit (pkgs)
      config
      jq
      runtimeShell
      shellcheck-minimal
      stdenv
      stdenvNoCC
      ;
    inherit (pkgs.xorg) lndir;
  };

  replace =
    flag: values:
    lib.concatStringsSep " " (
      lib.mapAttrsToList (name: value: "${flag} ${name} ${lib.escapeShellArg (toString value)}") values
    );
in
trivial
// {
  inherit (import (aux + "/pkgs-lib") { inherit lib pkgs; }) formats;
  writers = pkgs.callPackage (aux + "/build-support/writers/default.nix") { inherit (pkgs) config; };
  makeDBusConf = pkgs.callPackage (aux + "/by-name/db/dbus/make-dbus-conf.nix");
  buildEnv = import ./build-env.nix { inherit lib mkDerivation; };

  makeSetupHook =
    {
      name ? "hook",
      ...
    }:
    script:
    mkDerivation {
      inherit name;
      buildCommand = "mkdir -p $out/nix-support; cp ${script} $out/nix-support/setup-hook";
    };

  closureInfo =
    { rootPaths }:
    mkDerivation {
      name = "closure-info";
      __structuredAttrs = true;
      exportReferencesGraph.closure = rootPaths;
      preferLocalBuild = true;
      buildCommand = ''
        mkdir -p $out
        ${pkgs.jq}/bin/jq -r '.closure[].path' < "$NIX_ATTRS_JSON_FILE" | sort > $out/store-paths
        touch $out/registration
      '';
    };

  substitute =
    {
      name ? "substitute",
      src,
      substitutions ? [ ],
      replacements ? [ ],
      ...
    }:
    mkDerivation {
      inherit name;
      buildCommand = "substitute ${src} $out ${
        lib.escapeShellArgs (map toString (substitutions ++ replacements))
      }";
    };

  substituteAll =
    arguments:
    let
      name = arguments.name or (baseNameOf (toString arguments.src));
      target = if arguments ? dir then "$out/${arguments.dir}/${name}" else "$out";
    in
    mkDerivation (
      arguments
      // {
        inherit name;
        buildCommand = ''
          mkdir -p "$(dirname ${target})"
          substituteAll ${arguments.src} ${target}
        ''
        + lib.optionalString (arguments.isExecutable or (arguments ? dir)) "chmod +x ${target}";
      }
    );

  replaceVars =
    source: values:
    mkDerivation {
      name = baseNameOf (toString source);
      buildCommand = "substitute ${source} $out ${replace "--subst-var-by" values}";
    };

  replaceVarsWith =
    {
      src,
      replacements,
      name ? baseNameOf (toString src),
      dir ? null,
      isExecutable ? false,
      meta ? { },
      ...
    }:
    let
      target = if dir != null then "$out/${dir}/${name}" else "$out";
    in
    mkDerivation {
      inherit name meta;
      buildCommand = ''
        mkdir -p "$(dirname ${target})"
        substitute ${src} ${target} ${replace "--subst-var-by" replacements}
      ''
      + lib.optionalString isExecutable "chmod +x ${target}";
    };
}
