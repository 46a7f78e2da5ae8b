# One scenario: the box, a client beside it, and the script of this name.
name:
{ ... }:
{
  inherit name;
  nodes = {
    box = ./box.nix;
    client = ./client.nix;
  };
  testScript = builtins.readFile ./house.py + builtins.readFile (../. + "/${name}.py");
}
