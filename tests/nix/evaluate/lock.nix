# What poetry2nix makes of app/poetry.lock for the light environment: the file of each package, whose
# hash Nix has accepted, by name.
{ places }:
let
  all = import ./systems.nix places;
  inherit (all) inputs lib;
  pkgs = all.pkgs // {
    callPackage = all.pkgs.newScope { inherit (pkgs) poetry2nix; };
    inherit (inputs.poetry2nix.overlays.default pkgs pkgs) poetry2nix;
    # Its name has a version, as poetry2nix expects.
    openblasCompat = pkgs.writeText "openblas-0" "";
    python313 = import ../stand-in/python.nix {
      inherit lib;
      inherit (all) pkgs;
    };
  };
  environment = (import (places.project + "/pkgs/overlay.nix") pkgs pkgs).hearth.light;
  inherit ((lib.head environment.extraLibs).arguments.passthru) python;

  # Those of the lock, and not what nixpkgs has instead of it.
  locked = lib.filter (package: package ? arguments);
  item = package: {
    key = package.arguments.pname;
    inherit package;
  };
  found = builtins.genericClosure {
    startSet = map item (locked environment.extraLibs);
    operator = { package, ... }: map item (locked package.arguments.propagatedBuildInputs);
  };

  # They build what is no wheel, and nothing else here asks for them.
  builders = map (name: python.pkgs.${name}.drvPath) [
    "build"
    "pyproject-hooks"
  ];
in
builtins.deepSeq builders lib.listToAttrs (
  map (
    { key, package }:
    lib.nameValuePair key (
      builtins.seq package.drvPath {
        inherit (package.arguments) version;
        file = package.arguments.src.name;
      }
    )
  ) found
)
