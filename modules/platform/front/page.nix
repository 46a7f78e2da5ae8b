# The page that explains how a device comes to trust the box.
{
  runCommand,
  writeText,
  lib,
  hostName,
}:
let
  html = writeText "trust.html" (
    lib.replaceStrings [ "@hostName@" ] [ hostName ] (lib.readFile ./trust.html)
  );
in
runCommand "hearth-trust-page" { } ''
  mkdir -p $out/trust
  cp ${html} $out/trust/index.html
  cp ${./trust.css} $out/trust/trust.css
''
