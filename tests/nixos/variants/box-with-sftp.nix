# A box whose backups go to another machine by SFTP, in a network where little may go out.
{
  services.hearth = {
    backup.repository = "sftp:hearth@client:/srv/backups/hearth";
    network.uplink = "updates";
  };
}
