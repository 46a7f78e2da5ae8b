# How programs, users and sockets are called. `config/settings.py` computes the same socket paths
# on the other side; tests/app/nix compares them.
{ lib }:
rec {
  runtimeDir = "/run/hearth";

  # hearth.config.engine_program
  engineProgram = engine: if engine == "default" then "inference" else "inference-${engine}";
  podProgram = pod: "pod-${pod}";
  # Settings.engines_of: the engines that a pod asks, its own and that one's fallback.
  enginesOf =
    engines: pod:
    let
      inherit (engines.${pod.engine} or { fallback = null; }) fallback;
    in
    [ pod.engine ] ++ lib.optional (fallback != null) fallback;
  # hearth.config.connector_program
  connectorProgram = pod: connector: "connector-${pod}-${connector}";
  # hearth.config.telegram_program
  telegramProgram = pod: "telegram-${pod}";

  unit = program: "hearth-${program}";
  user = unit;
  # Shorter than its unit's name: Linux takes 31 characters, and a pod's name may have 20.
  telegramUser = pod: "hearth-tg-${pod}";

  socketPath = program: caller: "${runtimeDir}/${program}/${caller}.sock";
  socketUnit = program: caller: "${unit program}-${caller}";

  # One socket for each pair of caller and callee: its path names the caller, and its group is the
  # permission to call.
  socket =
    {
      program,
      caller,
      group,
      mode ? "0660",
    }:
    lib.nameValuePair (socketUnit program caller) {
      description = "Hearth: the way from ${caller} to ${program}";
      wantedBy = [ "sockets.target" ];
      socketConfig = {
        ListenStream = socketPath program caller;
        FileDescriptorName = caller;
        Service = "${unit program}.service";
        SocketUser = "root";
        SocketGroup = group;
        SocketMode = mode;
        DirectoryMode = "0755";
        Backlog = 256;
        RemoveOnStop = true;
      };
    };
}
