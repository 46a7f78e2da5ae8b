# A computer of the household's.
{ pkgs, ... }:
{
  # It knows the names of the house, as any phone does.
  services.avahi.enable = true;
  environment.systemPackages = [
    pkgs.avahi
    pkgs.curl
    pkgs.openssl
    pkgs.python3
    pkgs.tcpdump
  ];
}
