# The box with its certificate from the household's own ACME server, and no other way out than those
# that are needed.
{
  services.hearth = {
    network.uplink = "updates";
    front = {
      hostName = "hearth.home.arpa";
      tls = "acme";
      acmeServer = "https://ca.home.arpa/acme/local/directory";
      acmeRoot = "/var/lib/hearth-authority.crt";
    };
  };
}
