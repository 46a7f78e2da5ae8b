# This household's box. Every option is in Hearth's docs/options.md.
{ lib, ... }:
{
  # What the installer asked, and the pods that were chosen there. Both are JSON, so that a program can
  # write them; what is written here goes before.
  imports = [ (lib.importJSON ./box.json) ];
  services.hearth.podsFile = ./pods.json;

  services.hearth.welcome = true;

  # A PC that needs more than others: add `inputs` to the first line's arguments, and one of
  # https://github.com/NixOS/nixos-hardware to `imports` above:
  #
  # inputs.nixos-hardware.nixosModules.common-cpu-intel

  # A pod with a folder of documents, which must be there, and more memory:
  #
  # services.hearth.pods.finance = {
  #   kind = "finance";
  #   sources.papers = "/mnt/data/knowledge/finance";
  #   quotas.memoryMax = "2G";
  # };
  #
  # Secrets from secrets.yaml, encrypted as README.md says:
  #
  # services.hearth.secrets = {
  #   file = ./secrets.yaml;
  #   names = [ "backup-password" ];
  # };
}
