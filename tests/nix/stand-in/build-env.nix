# A small buildEnv: links every file of every path into $out; the first one wins.
{ lib, mkDerivation }:
lib.makeOverridable (
  {
    name,
    paths ? [ ],
    pathsToLink ? [ "/" ],
    extraPrefix ? "",
    postBuild ? "",
    nativeBuildInputs ? [ ],
    buildInputs ? [ ],
    passthru ? { },
    meta ? { },
    ...
  }:
  mkDerivation {
    inherit
      name
      passthru
      meta
      nativeBuildInputs
      buildInputs
      extraPrefix
      ;
    links = pathsToLink;
    trees = map toString (lib.filter (path: path != null) paths);
    passAsFile = [ "trees" ];
    buildCommand = ''
      mkdir -p $out$extraPrefix
      for tree in $(cat $treesPath); do
        for link in $links; do
          [ -e "$tree$link" ] || continue
          mkdir -p "$out$extraPrefix$link"
          cp -rsn "$(readlink -f "$tree$link")/." "$out$extraPrefix$link/"
        done
      done
      chmod -R u+w $out
    ''
    + postBuild;
  }
)
