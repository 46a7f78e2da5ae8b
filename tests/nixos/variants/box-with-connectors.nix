# A box that fetches: a calendar of the household's own network for one pod, and the same for another
# that may not go there.
let
  school = {
    kind = "ics";
    urlFile = "/var/lib/school-calendar";
    caFile = "/var/lib/school-authority.crt";
  };
in
{
  services.hearth.pods = {
    family = {
      kind = "family";
      connectors.school = school // {
        lan = true;
      };
    };
    finance.kind = "finance";
    study = {
      kind = "study";
      connectors.school = school // {
        every = "1h";
      };
    };
  };
}
