{
  imports = [ (import ./common "telegram") ];
  nodes.box.imports = [ ./variants/box-with-telegram.nix ];
}
