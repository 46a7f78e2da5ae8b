# Every option of services.hearth as data, for docs/options.md. It needs nixpkgs' lib alone: options
# are only declared here, and a default that would need the rest of NixOS has a text of its own.
{
  lib ? import (nixpkgs + "/lib"),
  nixpkgs ? null,
}:
let
  toml = lib.types.anything // {
    description = "TOML value";
  };
  evaluated = lib.evalModules {
    modules = [
      ../modules
      {
        _module.check = false;
        _module.args.pkgs.formats.toml = _: { type = lib.types.attrsOf toml; };
      }
    ];
  };
  documented = lib.filter (option: option.visible && !option.internal) (
    lib.optionAttrSetToDocList { services.hearth = evaluated.options.services.hearth; }
  );
  root = toString ../. + "/";
  text = value: if value ? text then value.text else value;
  # A module that was imported as a folder is its default.nix.
  file = place: if lib.pathIsDirectory place then "${toString place}/default.nix" else toString place;
in
map (
  option:
  {
    inherit (option) name type readOnly;
    description = text option.description;
    declared = map (place: lib.removePrefix root (file place)) option.declarations;
  }
  // lib.optionalAttrs (option ? default) { default = text option.default; }
  // lib.optionalAttrs (option ? example) { example = text option.example; }
) documented
