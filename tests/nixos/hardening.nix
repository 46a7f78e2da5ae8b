import ./common "hardening"
