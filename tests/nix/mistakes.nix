# Mistakes that somebody may make in a configuration. Each module is added to the host `box`.
#
# `caught` is a regular expression that the words of the error or of the failed assertion must match;
# null where nothing here can see the mistake (another check does: `seenBy`). The run fails when one
# is not as listed. One with `input` is tried where that input of the flake is real: a stand-in takes
# anything.
let
  # A box with a disk, and one with secrets.
  laidOut = {
    services.hearth.storage.disk = "/dev/disk/by-id/nvme-one";
  };
  withSecrets =
    { inputs, ... }:
    {
      services.hearth.secrets = {
        file = inputs.self.outPath + "/secrets/example.yaml";
        names = [ "backup-password" ];
      };
    };
in
{
  # Options
  misspelt-option = {
    module.services.hearth.curency = "CHF";
    caught = "services.hearth.curency.* does not exist";
  };
  misspelt-option-of-nixos = {
    module.networking.hostname = "box";
    caught = "networking.hostname.* does not exist";
  };
  misspelt-option-of-a-pod = {
    module.services.hearth.pods.family.titel = "Family";
    caught = "pods.family.titel.* does not exist";
  };
  wrong-type = {
    module.services.hearth.pods.family.enable = "yes";
    caught = "pods.family.enable.* is not of type .boolean";
  };
  number-as-text = {
    module.services.hearth.engines.default.context = "8192";
    caught = "engines.default.context.* is not of type";
  };
  wrong-pattern = {
    module.services.hearth.currency = "euro";
    caught = "currency.* is not of type .string matching";
  };
  wrong-choice = {
    module.services.hearth.members.mia = {
      name = "Mia";
      role = "admin";
    };
    caught = "members.mia.role.* is not of type .one of";
  };
  missing-value = {
    module.services.hearth.members.mia.role = "owner";
    caught = "members.mia.name.* no value defined";
  };
  removed-option = {
    module.networking.firewall.trustedInterfaces = [ ];
    module.sound.enable = true;
    caught = "no longer has any effect";
  };
  conflicting-definitions = {
    module =
      { ... }:
      {
        imports = [
          { networking.domain = "home.arpa"; }
          { networking.domain = "lan"; }
        ];
      };
    caught = "conflicting definition values";
  };
  unknown-kind-of-time-zone = {
    module.services.hearth.zone = "Europe Berlin";
    caught = "zone.* is not of type .string matching";
  };

  # Packages
  misspelt-package = {
    module =
      { pkgs, ... }:
      {
        environment.systemPackages = [ pkgs.restick ];
      };
    caught = "attribute 'restick' missing";
  };
  package-as-text = {
    module.environment.systemPackages = [ "restic" ];
    caught = "is not of type .package";
  };
  unknown-weights = {
    module =
      { pkgs, ... }:
      {
        environment.systemPackages = [ pkgs.hearth.weights.llama-9000 ];
      };
    caught = "attribute 'llama-9000' missing";
  };

  # Units and network
  wrong-networkd-key = {
    module.systemd.network = {
      enable = true;
      networks."10-lan".networkConfig.DHPC = "yes";
    };
    caught = "networkConfig. is not of type.*DHPC";
  };
  two-owners-of-one-file = {
    module =
      { lib, ... }:
      {
        imports = [
          { environment.etc."hearth/extra".source = /etc/one; }
          { environment.etc."hearth/extra".source = /etc/two; }
        ];
      };
    caught = "conflicting definition values";
  };
  unit-setting-as-a-set = {
    module.systemd.services.hearth-hub.serviceConfig.MemoryMax = {
      value = "1G";
    };
    caught = "MemoryMax.*(conflicting definition values|is not of type)";
  };
  user-without-a-kind = {
    module.users.users.stray.home = "/home/stray";
    caught = "isSystemUser and users.users.stray.isNormalUser";
  };
  root-without-a-file-system = {
    module =
      { lib, ... }:
      {
        fileSystems = lib.mkForce { };
      };
    caught = "does not specify your root file system";
  };

  # Hearth's own assertions
  two-pods-on-one-directory = {
    module.services.hearth.pods = {
      family.directory = "/mnt/data/pods/shared";
      finance.directory = "/mnt/data/pods/shared";
    };
    caught = "share the directory";
  };
  unknown-engine = {
    module.services.hearth.pods.family.engine = "fast";
    caught = ''there is no engine "fast"'';
  };
  default-engine-taken-away = {
    module =
      { lib, ... }:
      {
        services.hearth.engines = lib.mkForce { large = { }; };
      };
    caught = ''there is no engine "default"'';
  };
  unknown-fallback = {
    module.services.hearth.engines.default.fallback = "spare";
    caught = "engines.default.fallback: there is no engine \"spare\". There is no other engine";
  };
  engine-that-stands-in-for-itself = {
    module.services.hearth.engines = {
      default.fallback = "default";
      large = { };
    };
    caught = "cannot stand in for itself. Name one of large";
  };
  engine-that-no-pod-can-reach = {
    module.services.hearth.engines = {
      default.fallback = "desktop";
      desktop.url = "http://desktop.home.arpa:8080/v1";
    };
    caught = "engines.desktop.url: the pods .*have\\s+no network";
  };
  unknown-model = {
    module.services.hearth.engines.default.chatModel = "llama-9000";
    caught = "no manifest knows the chat model";
  };
  embedding-model-as-chat-model = {
    module.services.hearth.engines.default.chatModel = "all-minilm-l6-v2";
    caught = "no manifest knows the chat model";
  };
  unknown-routing-model = {
    module.services.hearth.engines.default.routingModel = "all-minilm-l6-v2";
    caught = "engines.default.routingModel: no manifest knows the chat model";
  };
  reranker-that-is-none = {
    module.services.hearth.engines.default.rerankModel = "all-minilm-l6-v2";
    caught = "engines.default.rerankModel: no manifest knows the rerank model";
  };
  unknown-further-model = {
    module.services.hearth.engines.default.models.llama-9000 = { };
    caught = "engines.default.models: no manifest knows the chat model\\s+\"llama-9000\"";
  };
  chat-model-among-the-further-ones = {
    module.services.hearth.engines.default.models."qwen2.5-coder-1.5b-instruct".context = 8192;
    caught = "engines.default.models names .* which is its chat model";
  };
  memory-without-a-unit-that-there-is = {
    module.services.hearth.engines.default.memory = "12 gigs";
    caught = "engines.default.memory.* is not of type";
  };
  gpu-that-the-engine-has-not = {
    module.services.hearth.engines.default = {
      gpus = [ 0 ];
      models."qwen3-4b".gpus = [ 1 ];
    };
    caught = "qwen3-4b.gpus: the engine has not the GPU\\s+1. It has 0";
  };
  unknown-adapter = {
    module.services.hearth.pods.family.adapter = "teacher";
    caught = "pods.family.adapter: the engine \"default\" has no adapter\\s+\"teacher\". It has none";
  };
  gpu-given-twice = {
    module.services.hearth.engines = {
      default.gpus = [ 0 ];
      large = {
        chatModel = "qwen2.5-coder-1.5b-instruct";
        gpus = [ 0 ];
      };
    };
    caught = "GPU 0 is given to";
  };
  long-pod-name = {
    module.services.hearth.pods.a-name-that-is-much-too-long.kind = "family";
    caught = "at most 20 small letters|longer than 31 characters";
  };
  pod-name-with-a-space = {
    module.services.hearth.pods."our family".kind = "family";
    caught = "at most 20 small letters|not of type|invalid";
  };
  admin-who-is-a-program = {
    module.services.hearth.admin.name = "hearth-hub";
    caught = "a user of the box's own";
  };
  admin-password-in-the-configuration = {
    module.services.hearth.admin = {
      name = "anna";
      passwordFile = "correct horse battery";
    };
    caught = "admin.passwordFile.*(is not of type|path)";
  };
  nobody-owns-the-house = {
    module.services.hearth.members.mia = {
      name = "Mia";
      role = "teen";
    };
    caught = ''nobody has role = "owner"'';
  };
  grant-in-no-pod = {
    module.services.hearth.members.anna = {
      name = "Anna";
      role = "owner";
      grants.garden = [ "ask" ];
    };
    caught = "there is no pod garden";
  };
  secret-value-instead-of-a-path = {
    module.services.hearth.backup.passwordFile = "correct horse battery staple";
    caught = "backup.passwordFile.*(is not of type|path)";
  };
  secret-in-the-store = {
    module.services.hearth.backup.passwordFile = "/nix/store/00000000000000000000000000000000-password";
    caught = "backup.passwordFile.*(is not of type|store)";
  };
  connector-without-its-address = {
    module.services.hearth.pods.family.connectors.school.kind = "ics";
    caught = "connectors.school.urlFile: it does not say where its address lies";
  };
  connector-with-its-address-in-the-configuration = {
    module.services.hearth.pods.family.connectors.school = {
      kind = "ics";
      urlFile = "https://calendar.example.org/school.ics?token=a1b2c3";
    };
    caught = "connectors.school.urlFile.* is not of type";
  };
  connector-with-its-address-in-the-store = {
    module.services.hearth.pods.family.connectors.school = {
      kind = "ics";
      urlFile = "/nix/store/00000000000000000000000000000000-school-calendar";
    };
    caught = "lies in the Nix store";
  };
  connector-of-an-unknown-kind = {
    module.services.hearth.pods.family.connectors.school = {
      kind = "gopher";
      urlFile = "/run/secrets/school-calendar";
    };
    caught = "connectors.school.kind.* is not of type";
  };
  connector-with-a-hyphen = {
    module.services.hearth.pods.family.connectors.our-school = {
      kind = "ics";
      urlFile = "/run/secrets/school-calendar";
    };
    caught = "at most 16 small letters and digits";
  };
  connector-called-like-a-source = {
    module.services.hearth.pods.family = {
      sources.school = "/mnt/data/knowledge/school";
      connectors.school = {
        kind = "ics";
        urlFile = "/run/secrets/school-calendar";
      };
    };
    caught = "the pod has a source of this name";
  };
  connector-on-a-box-that-lets-nobody-out = {
    module.services.hearth = {
      network.uplink = "none";
      pods.family.connectors.school = {
        kind = "ics";
        urlFile = "/run/secrets/school-calendar";
      };
    };
    caught = "lets nobody out";
  };
  one-connector-twice = {
    module =
      { ... }:
      {
        imports = [
          {
            services.hearth.pods.family.connectors.school = {
              kind = "ics";
              urlFile = "/run/secrets/one";
            };
          }
          { services.hearth.pods.family.connectors.school.urlFile = "/run/secrets/two"; }
        ];
      };
    caught = "connectors.school.urlFile.* (has )?conflicting definition values";
  };

  telegram-without-a-token = {
    module.services.hearth.pods.family.telegram.enable = true;
    caught = "pods.family.telegram.tokenFile: a Telegram pod needs the token of a bot";
  };
  telegram-token-in-the-configuration = {
    module.services.hearth.pods.family.telegram = {
      enable = true;
      tokenFile = "123456789:AAF0-not-a-token";
    };
    caught = "telegram.tokenFile.*(is not of type|path)";
  };
  telegram-token-in-the-store = {
    module.services.hearth.pods.family.telegram = {
      enable = true;
      tokenFile = "/nix/store/00000000000000000000000000000000-token";
    };
    caught = "store";
  };
  money-over-telegram = {
    module.services.hearth.pods.finance = {
      kind = "finance";
      telegram = {
        enable = true;
        tokenFile = "/run/secrets/telegram-finance";
      };
    };
    caught = "a finance pod is off for Telegram";
  };
  telegram-without-an-uplink = {
    module.services.hearth = {
      network.uplink = "none";
      pods.family.telegram = {
        enable = true;
        tokenFile = "/run/secrets/telegram-family";
      };
    };
    caught = "so not Telegram either";
  };

  # The modules of the flake's other inputs
  misspelt-content-of-a-partition = {
    module =
      { lib, ... }:
      {
        imports = [ laidOut ];
        disko.devices.disk.main.content.partitions.data.content.type = lib.mkForce "filesytem";
      };
    input = "disko";
    caught = "attribute 'filesytem' missing";
  };
  unknown-option-of-a-partition = {
    module = {
      imports = [ laidOut ];
      disko.devices.disk.main.content.partitions.data.mountOptions = [ "noatime" ];
    };
    input = "disko";
    caught = "partitions.data.mountOptions.* does not exist";
  };
  partition-of-an-unknown-size = {
    module = {
      imports = [ laidOut ];
      disko.devices.disk.main.content.partitions.scratch.size = "a lot";
    };
    input = "disko";
    caught = "partitions.scratch.size.* is not of type";
  };
  encrypted-partition-without-a-name = {
    module = {
      imports = [ laidOut ];
      disko.devices.disk.main.content.partitions.scratch.content.type = "luks";
    };
    input = "disko";
    caught = "scratch.content.name.* no value defined";
  };
  secrets-without-a-key = {
    module = {
      imports = [ withSecrets ];
      services.hearth.secrets.keyFile = null;
    };
    caught = "services.hearth.secrets.keyFile.*nothing to decrypt with";
  };
  secret-with-an-unknown-option = {
    module = {
      imports = [ withSecrets ];
      sops.secrets.backup-password.permissions = "0400";
    };
    input = "sops-nix";
    caught = "backup-password.permissions.* does not exist";
  };
  mode-of-a-secret-as-a-number = {
    module = {
      imports = [ withSecrets ];
      sops.secrets.backup-password.mode = 400;
    };
    input = "sops-nix";
    caught = "backup-password.mode.* is not of type";
  };
  key-of-the-secrets-in-the-store = {
    module =
      { lib, ... }:
      {
        imports = [ withSecrets ];
        sops.age.keyFile = lib.mkForce "/nix/store/00000000000000000000000000000000-age.key";
      };
    input = "sops-nix";
    caught = "sops.age.keyFile.* is not of type";
  };
  misspelt-module-for-hardware = {
    module =
      { inputs, ... }:
      {
        imports = [ inputs.nixos-hardware.nixosModules.common-cpu-intell ];
      };
    input = "nixos-hardware";
    caught = "attribute 'common-cpu-intell' missing";
  };

  # What evaluation cannot see
  wrong-key-in-a-unit = {
    module.systemd.services.hearth-hub.serviceConfig.MemoryMaximum = "1G";
    caught = null;
    seenBy = "systemd-analyze verify of the rendering";
  };
  wrong-line-in-the-caddyfile = {
    module.services.caddy.extraConfig = "example.org { no_such_directive }";
    caught = null;
    seenBy = "caddy validate of the rendering";
  };
  wrong-tmpfiles-rule = {
    module.systemd.tmpfiles.rules = [ "directory /mnt/data/x 0750 root root -" ];
    caught = null;
    seenBy = "systemd-tmpfiles --dry-run of the rendering";
  };
}
