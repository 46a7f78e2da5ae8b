{
  imports = [ (import ./common "monitoring") ];
  nodes.box =
    { pkgs, ... }:
    {
      environment.etc.hearth-dashboards.source = ../../pkgs/dashboards;
      environment.systemPackages = [ pkgs.prometheus.cli ];
      # A virtual disk has no health to tell.
      services.hearth.monitoring.smart = false;
    };
}
