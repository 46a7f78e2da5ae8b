# Everything that turns a NixOS machine into a Hearth box; nothing happens before
# `services.hearth.enable`.
{
  imports = [
    ./hearth
    ./platform
    ./containers
  ];
}
