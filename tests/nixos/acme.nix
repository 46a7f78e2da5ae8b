{
  imports = [ (import ./common "acme") ];
  nodes.box.imports = [ ./variants/box-with-acme.nix ];
  nodes.client =
    { pkgs, ... }:
    {
      environment.systemPackages = [ pkgs.caddy ];
      # Whoever gives a certificate asks the box back; and it is asked itself.
      networking.firewall.enable = false;
    };
}
