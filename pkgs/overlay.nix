# pkgs.hearth: what the appliance is made of.
#
# Two Python environments, for a reason. The light one (hub, pods, command line) is built by
# poetry2nix from the very lock that the tests run on. The model one is not: poetry2nix, whose last
# commit is of 2025-04, mishandles torch and has no scikit-build-core for llama-cpp-python. So it
# comes from nixpkgs' own Python set, with the lock's versions where the code depends on them. Both
# have the same Python, and hnswlib is in both, because a pod holds its own index. `versions`
# compares the two.
final: _prev: {
  hearth =
    let
      lock = import ./lock.nix { inherit (final) lib fetchPypi; };
      python = final.python313;
      source = final.callPackage ./source.nix { };
    in
    {
      light = final.callPackage ./light.nix { inherit python source; };
      models = final.callPackage ./models.nix { inherit lock python source; };
      versions = final.callPackage ./versions.nix {
        inherit (final.hearth) light models;
      };
      weights = import ./weights.nix { inherit (final) lib fetchurl linkFarm; };
      dashboards = final.callPackage ./dashboards { };
      optionsManual = final.callPackage ./options-manual.nix { };
      demo = final.callPackage ./demo.nix { };
      install = final.callPackage ./installer { inherit python; };
    };
}
