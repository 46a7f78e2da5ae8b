# Types that more than one module needs.
{ lib }:
let
  inherit (lib) mkOptionType types;
  inStore = value: lib.hasPrefix builtins.storeDir (toString value);
in
{
  # Where a secret lies at run time. Never the secret itself, and never a file of the configuration,
  # since both would be copied into the store, which every user and every process can read.
  secretPath = mkOptionType {
    name = "secretPath";
    description = "absolute path of a secret outside the Nix store, written as a string";
    descriptionClass = "noun";
    check =
      value:
      if builtins.isPath value then
        throw ''
          ${toString value} is a path literal, so this secret would be copied into the Nix store,
          where every process can read it. Encrypt it with sops (secrets/README.md), or write the
          place where it lies at run time as a string: "/run/secrets/…".
        ''
      else if !(builtins.isString value) then
        false
      else if lib.hasInfix "\n" value then
        throw ''
          A secret was written into the configuration where the path of a file is expected. It would
          be copied into the Nix store, where every process can read it. Put it into a file outside
          of the configuration and give that file's path.
        ''
      else if inStore value || builtins.hasContext value then
        throw ''
          ${builtins.unsafeDiscardStringContext value} lies in the Nix store, where every process can
          read it. Encrypt the secret with sops (secrets/README.md) and give its path at run time,
          "/run/secrets/…".
        ''
      else
        lib.hasPrefix "/" value;
    inherit (types.str) merge;
  };

  # A size as disko and mkfs take it.
  diskSize = types.strMatching "[1-9][0-9]*[MGT]";

  # In MiB.
  mebibytes =
    size:
    let
      parts = builtins.match "([1-9][0-9]*)([MGT])" size;
      unit = {
        M = 1;
        G = 1024;
        T = 1048576;
      };
    in
    lib.toIntBase10 (lib.head parts) * unit.${lib.last parts};
}
