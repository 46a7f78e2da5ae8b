# A box with what is off by default, so that these units are rendered and rated as well: a GPU with its
# measurements and a fallback, Grafana, glances, alerts that are sent, backups on another machine, updates by itself, an
# encrypted disk, a folder of the household's, secrets that an installer ships, and modules of nixos-hardware as a client would take them.
{ inputs, ... }:
{
  imports = [
    inputs.nixos-hardware.nixosModules.common-cpu-intel
    inputs.nixos-hardware.nixosModules.common-pc-ssd
  ];

  services.hearth = {
    admin.name = "anna";
    gpu.nvidia.enable = true;
    # Beside the engine that the other pods go on asking.
    engines.large = {
      gpus = [
        0
        1
      ];
      chatGpus = [ 0 ];
      fallback = "default";
      routingModel = "qwen2.5-coder-0.5b-instruct";
      models = {
        "qwen2.5-coder-0.5b-instruct" = {
          gpus = [ 1 ];
          stays = true;
        };
        "qwen3-4b".gpuLayers = 0;
      };
      rerankModel = "ms-marco-minilm-l6-v2";
      adapters.teacher = "/mnt/data/adapters/teacher.gguf";
      memory = "20GB";
      memoryMax = "22G";
    };
    pods = {
      family = {
        kind = "family";
        sources.household = "/mnt/data/knowledge/family";
      };
      study = {
        kind = "study";
        engine = "large";
        adapter = "teacher";
      };
    };
    monitoring = {
      glances = true;
      grafana.enable = true;
      alerts.receiver.webhook_configs = [ { url = "http://127.0.0.1:8080/hearth"; } ];
    };
    backup.repository = "sftp:hearth@nas.home.arpa:/backups/hearth";
    remote.ssh.enable = true;
    updates.automatic = true;
    secrets = {
      file = ../../../secrets/example.yaml;
      names = [ "backup-password" ];
    };
    storage = {
      disk = "/dev/disk/by-id/nvme-example";
      encryption = "tpm2";
    };
  };
  users.users.root.openssh.authorizedKeys.keys = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA somebody"
  ];
}
