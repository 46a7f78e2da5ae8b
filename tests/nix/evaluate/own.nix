# What a project's own modules define, told from nixpkgs' by the file of each definition.
{ lib, project }:
let
  inherit (lib.modules) dischargeProperties;
  here = toString project;
in
rec {
  # The values that the project's files give an option.
  definitions =
    option:
    map (definition: definition.value) (
      lib.filter (definition: lib.hasPrefix here (toString definition.file)) option.definitionsWithLocations
    );

  # The names that they define in an option that is a set.
  names = option: lib.unique (lib.concatMap lib.attrNames (definitions option));

  # The names that other files define in it.
  othersNames =
    option:
    lib.unique (
      lib.concatMap (definition: lib.attrNames definition.value) (
        lib.filter (definition: !lib.hasPrefix here (toString definition.file)) option.definitionsWithLocations
      )
    );

  # A set's values under the names that the project defines.
  part = option: value: lib.getAttrs (lib.filter (name: value ? ${name}) (names option)) value;

  # The project's own definitions of one name in a set, without mkIf and mkMerge around them.
  of =
    option: name:
    lib.concatMap (definition: dischargeProperties (definition.${name} or { })) (definitions option);

  # The same one level further down: `key` of each of those definitions.
  below = key: found: lib.concatMap (value: dischargeProperties (value.${key} or { })) found;
}
