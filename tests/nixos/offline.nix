{
  imports = [ (import ./common "offline") ];
  nodes.box =
    { pkgs, ... }:
    {
      environment.systemPackages = [ pkgs.tcpdump ];
    };
}
