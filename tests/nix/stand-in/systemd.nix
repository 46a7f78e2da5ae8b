# systemd, with all its parts. NixOS copies upstream's units by name: those that Debian lacks are
# made as placeholders.
{
  lib,
  pkgs,
  stub,
  collected,
  ...
}:
let
  package = stub.make [ "systemd" ] {
    inherit (collected) units;
    post = ''
      mkdir -p $out/example
      for unit in $units; do
        for kind in system user; do
          file=$out/lib/systemd/$kind/$unit
          [ -e "$file" ] || printf '[Unit]\nDescription=placeholder for a unit that Debian lacks\n' > "$file"
        done
      done
      ln -sfn ../lib/systemd $out/example/systemd
      for folder in tmpfiles.d sysctl.d sysusers.d; do
        ln -sfn ../lib/$folder $out/example/$folder
      done
    '';
  };

  absent = [
    "withAudit"
    "withDebug"
    "withSelinux"
  ];
  present =
    lib.filter (lib.hasPrefix "with") collected.attributes
    ++ map (part: "with${part}") [
      "Bootloader"
      "Compression"
      "Coredump"
      "Cryptsetup"
      "Efi"
      "Homed"
      "Hostnamed"
      "Importd"
      "Kmod"
      "Localed"
      "Logind"
      "Machined"
      "Networkd"
      "Oomd"
      "Polkit"
      "Portabled"
      "Remote"
      "Repart"
      "Resolved"
      "Sysupdate"
      "Timedated"
      "Timesyncd"
      "Tpm2Tss"
      "Tpm2Units"
      "UserDb"
      "Utmp"
    ];

  systemd = stub.extend package (
    lib.genAttrs present (_: true)
    // lib.genAttrs absent (_: false)
    // {
      inherit (pkgs) kbd kmod util-linux;
      version = "257";
      interfaceVersion = 2;
      passthru = systemd;
    }
  );
in
systemd
