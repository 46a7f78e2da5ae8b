{
  description = "A household's box";

  # Hearth's source beside this file, where the installer put it; or the address of a repository.
  inputs.hearth.url = "path:./hearth";

  outputs =
    { hearth, ... }:
    {
      nixosConfigurations.box = hearth.lib.box [ ./pods.nix ];
    };
}
