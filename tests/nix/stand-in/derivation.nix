# mkDerivation over setup.sh: enough for text, link farms and packages with a buildCommand.
{ lib, pkgs }:
let
  # Dropped by name alone: the values must stay lazy, as they are in nixpkgs.
  forEvaluationOnly = [
    "__functor"
    "allowedReferences"
    "allowedRequisites"
    "disallowedReferences"
    "disallowedRequisites"
    "finalPackage"
    "meta"
    "passthru"
    "pos"
  ];

  mkDerivation =
    given:
    let
      arguments = if builtins.isFunction given then lib.fix given else given;
      name = builtins.unsafeDiscardStringContext (
        lib.strings.sanitizeDerivationName (
          arguments.name or "${arguments.pname or "unnamed"}-${arguments.version or "0"}"
        )
      );
      package = derivation (
        removeAttrs arguments forEvaluationOnly
        // {
          inherit name;
          system = "x86_64-linux";
          builder = "/bin/bash";
          args =
            arguments.args or (
              if arguments ? builder then
                [
                  "-c"
                  ". ${./setup.sh}; . ${arguments.builder}"
                ]
              else
                [
                  "-e"
                  ./setup.sh
                ]
            );
        }
      );
    in
    package
    // (arguments.passthru or { })
    // {
      inherit name;
      inherit (pkgs) stdenv;
      passthru = arguments.passthru or { };
      outputs = arguments.outputs or [ "out" ];
      meta = {
        outputsToInstall = [ "out" ];
        platforms = lib.platforms.all;
      }
      // (arguments.meta or { });
      overrideAttrs =
        change:
        let
          changed = change arguments;
        in
        mkDerivation (
          arguments // (if lib.isFunction changed then change arguments arguments else changed)
        );
    }
    // lib.optionalAttrs (arguments ? pname) { inherit (arguments) pname; };
in
mkDerivation
