# What no system is evaluated with here: the manuals are built from the whole tree of modules.
{ lib, ... }:
{
  documentation.enable = lib.mkForce false;
  documentation.nixos.enable = lib.mkForce false;
}
