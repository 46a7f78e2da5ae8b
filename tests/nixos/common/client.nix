# A computer of the household's.
{ pkgs, ... }:
{
  environment.systemPackages = [
    pkgs.curl
    pkgs.openssl
    pkgs.python3
    pkgs.tcpdump
  ];
}
