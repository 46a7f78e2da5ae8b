import ./common "secrets"
