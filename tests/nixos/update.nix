# The box beside the versions that it is switched to, and a client.
let
  common = import ./common "update";
in
arguments:
let
  scenario = common arguments;
in
scenario
// {
  nodes = scenario.nodes // {
    box = {
      imports = [ scenario.nodes.box ];

      specialisation = {
        box-with-health.configuration.imports = [ ./variants/box-with-health.nix ];
        box-broken.configuration.imports = [ ./variants/box-broken.nix ];
      };

      # What starts is what the profile names, by the boot loader and not by the test driver.
      virtualisation = {
        useBootLoader = true;
        useEFIBoot = true;
      };
    };
  };
}
