# hearth-telegram-NAME: the way from a Telegram bot to one pod. It asks Telegram for what is new, so
# no port is open, and of the house it has nothing but its own door at the hub.
{
  config,
  lib,
  ...
}:
let
  inherit (lib)
    attrNames
    concatLists
    filterAttrs
    listToAttrs
    mapAttrs
    mapAttrs'
    mapAttrsToList
    mkDefault
    mkEnableOption
    mkIf
    mkOption
    nameValuePair
    types
    ;
  inherit (import ../lib/types.nix { inherit lib; }) secretPath;
  cfg = config.services.hearth;
  names = import ../lib/names.nix { inherit lib; };
  hardening = import ../lib/hardening.nix { inherit lib; };
  service = import ../lib/service.nix { inherit lib names; };

  pods = filterAttrs (_: pod: pod.enable && pod.telegram.enable) cfg.pods;
  programOf = names.telegramProgram;
  userOf = names.telegramUser;
  door = name: "${names.socketUnit "hub" (programOf name)}.socket";
  place = name: "${cfg.dataDir}/telegram/${name}";
  # What a household would not want on another company's servers unless it has said so.
  sensitive = pod: lib.elem pod.kind [ "finance" "health" ];

  unit =
    name: pod:
    nameValuePair (names.unit (programOf name)) (
      lib.mkMerge [
        (service.program {
          program = programOf name;
          user = userOf name;
          callers = [ "ops" ];
        })
        {
          description = "Hearth: Telegram for the pod ${name}";
          requires = [ (door name) ];
          after = [ (door name) ];
          # A socket that is made anew is another file than the one bound into this unit.
          partOf = [ (door name) ];
          restartTriggers = [ config.environment.etc."hearth/hearth.toml".source ];
          serviceConfig = hardening.networked // {
            ExecStart = "${cfg.package}/bin/python -m hearth.services.telegram --pod ${name} --config /etc/hearth/hearth.toml";
            # Who is linked, and what still waits for an answer; never a pod's files.
            TemporaryFileSystem = hardening.emptied [ cfg.dataDir ];
            BindPaths = [ (place name) ];
            BindReadOnlyPaths =
              hardening.reports
              ++ hardening.resolvers
              ++ [ (names.socketPath "hub" (programOf name)) ];
            NoExecPaths = hardening.notExecutable ([ (place name) ] ++ hardening.resolvers);
            LoadCredential = [ "telegram-token-${name}:${toString pod.telegram.tokenFile}" ];
            MemoryMax = "256M";
            TasksMax = 32;
          };
        }
      ]
    );

  sockets = name: _: [
    (names.socket {
      program = "hub";
      caller = programOf name;
      group = userOf name;
    })
    (names.socket {
      program = programOf name;
      caller = "ops";
      group = cfg.opsGroup;
    })
  ];

  pod.options.telegram = {
    enable = mkEnableOption "a Telegram bot through which members ask this pod";
    tokenFile = mkOption {
      type = types.nullOr secretPath;
      default = null;
      example = "/run/secrets/telegram-family";
      description = ''
        File with the bot's token, as @BotFather gives it, outside the Nix store. Each pod needs a bot
        of its own.
      '';
    };
    allowSensitive = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = ''
        That a finance or health pod may be asked over Telegram, whose servers read along: bots have
        no end-to-end encryption.
      '';
    };
    api = mkOption {
      type = types.strMatching "https://[^/[:space:]]+|http://(127[.]0[.]0[.]1|localhost)(:[0-9]{1,5})?";
      default = "https://api.telegram.org";
      example = "http://127.0.0.1:8081";
      description = ''
        Address of the Bot API, for a Bot API server of one's own. Plain http on the box alone, since
        the token is part of every address.
      '';
    };
  };
in
{
  options.services.hearth.pods = mkOption {
    type = types.attrsOf (types.submodule pod);
  };

  config = mkIf cfg.enable {
    assertions =
      mapAttrsToList (name: pod: {
        assertion = pod.telegram.tokenFile != null;
        message = ''
          services.hearth.pods.${name}.telegram.tokenFile: a Telegram pod needs the token of a bot.
          Ask @BotFather for one, encrypt it with sops (secrets/README.md), and give its path:
          "/run/secrets/telegram-${name}".
        '';
      }) pods
      ++ mapAttrsToList (name: pod: {
        assertion = sensitive pod -> pod.telegram.allowSensitive;
        message = ''
          services.hearth.pods.${name}.telegram: a ${pod.kind} pod is off for Telegram, whose servers
          read along. Its owner can turn it on with telegram.allowSensitive = true.
        '';
      }) pods
      ++ mapAttrsToList (name: _: {
        assertion = cfg.network.uplink != "none";
        message = ''
          services.hearth.pods.${name}.telegram: the box may reach nobody, so not Telegram either.
          Set services.hearth.network.uplink to "updates", or leave Telegram off.
        '';
      }) pods;

    services.hearth.settings.pods = mapAttrs (_: pod: {
      telegram = mkDefault {
        allow_sensitive = pod.telegram.allowSensitive;
        inherit (pod.telegram) api;
      };
    }) pods;
    services.hearth.network.uplinkUsers = map userOf (attrNames pods);

    users.users = mapAttrs' (
      name: _:
      nameValuePair (userOf name) {
        isSystemUser = true;
        group = userOf name;
      }
    ) pods;
    users.groups = mapAttrs' (name: _: nameValuePair (userOf name) { }) pods;

    systemd.services = mapAttrs' unit pods // {
      hearth-hub = {
        requires = map door (attrNames pods);
        after = map door (attrNames pods);
      };
    };
    systemd.sockets = listToAttrs (concatLists (mapAttrsToList sockets pods));

    systemd.tmpfiles.settings."10-hearth" = mapAttrs' (
      name: _:
      nameValuePair (place name) {
        d = {
          mode = "0700";
          user = userOf name;
          group = userOf name;
        };
      }
    ) pods;
  };
}
