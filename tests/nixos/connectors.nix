{
  imports = [ (import ./common "connectors") ];
  nodes.box = ./variants/box-with-connectors.nix;
  nodes.client =
    { pkgs, ... }:
    {
      environment.systemPackages = [ pkgs.caddy ];
    };
}
