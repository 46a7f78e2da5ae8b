# What all long-running Hearth programs have in common: readiness, watchdog, restarts, sockets.
{ lib, names }:
let
  inherit (lib) mkDefault;
in
{
  # A program that is started through the sockets of its callers.
  program =
    {
      program,
      callers,
      user ? names.user program,
      watchdogSeconds ? 30,
      startSeconds ? 300,
    }:
    let
      sockets = map (caller: "${names.socketUnit program caller}.socket") callers;
    in
    {
      wantedBy = [ "multi-user.target" ];
      requires = sockets;
      after = sockets;
      # An end is never final: the household does not restart services.
      startLimitIntervalSec = 0;
      environment = {
        PYTHONUNBUFFERED = "1";
        # No library may look outward, whatever its own default is.
        HF_HUB_OFFLINE = "1";
        TRANSFORMERS_OFFLINE = "1";
        ORT_DISABLE_TELEMETRY = "1";
      };
      serviceConfig = {
        Type = "notify";
        User = user;
        Group = user;
        WatchdogSec = mkDefault watchdogSeconds;
        TimeoutStartSec = mkDefault startSeconds;
        TimeoutStopSec = mkDefault 15;
        Restart = "always";
        RestartSec = "100ms";
        RestartSteps = 6;
        RestartMaxDelaySec = "5s";
        SyslogIdentifier = names.unit program;
      };
    };
}
