# A box whose backups go by rclone, to what its environment describes.
{
  services.hearth.backup = {
    repository = "rclone:nas:hearth";
    environmentFile = "/run/secrets/backup-environment";
  };
}
