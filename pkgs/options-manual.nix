# docs/options.md, made anew from the modules.
{
  lib,
  python313,
  runCommand,
  writeText,
}:
runCommand "hearth-options-manual" { } ''
  mkdir $out
  ${python313.interpreter} ${../scripts/options_manual.py} \
    < ${writeText "options.json" (builtins.toJSON (import ./options.nix { inherit lib; }))} \
    > $out/options.md
''
