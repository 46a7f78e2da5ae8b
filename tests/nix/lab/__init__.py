"""NixOS on Debian's files: makes the root, evaluates the hosts, renders them."""
