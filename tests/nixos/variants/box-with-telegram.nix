# The box with Telegram bots: one for a pod of the family, by a Bot API server on the box itself, and
# one for money, whose owner wants it so.
{
  services.hearth.pods = {
    family = {
      kind = "family";
      telegram = {
        enable = true;
        tokenFile = "/run/secrets/telegram-family";
        api = "http://127.0.0.1:8081";
      };
    };
    finance = {
      kind = "finance";
      telegram = {
        enable = true;
        tokenFile = "/run/secrets/telegram-finance";
        allowSensitive = true;
      };
    };
    study.kind = "study";
  };
}
