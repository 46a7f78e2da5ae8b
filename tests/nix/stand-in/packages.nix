# Packages that need more than links: attributes that modules read, or files that Debian has elsewhere.
{
  lib,
  pkgs,
  stub,
  mentioned,
  ...
}:
let
  inherit (stub) extend make tree;
  inherit (pkgs.stdenv) mkDerivation;

  bash =
    extend
      (make [ "bash" ] {
        bins = "/usr/bin/bash";
        post = "ln -s /usr/bin/bash $out/bin/sh";
      })
      {
        shellPath = "/bin/bash";
      };

  grub = extend (tree [ "grub2_efi" ] { }) {
    grubTarget = "x86_64-efi";
    debs = [ "grub-efi-amd64-bin" ];
  };
in
{
  inherit bash;
  bashInteractive = bash;
  bashNonInteractive = bash;
  runtimeShell = "${bash}/bin/bash";
  runtimeShellPackage = bash;

  glibc = extend (tree [ "glibc" ] { }) {
    inherit (pkgs) getent;
    libgcc = make [ "libgcc" ] { debs = "libgcc-s1"; };
  };
  libc = pkgs.glibc;
  glibcLocales = make [ "locales" ] { };
  libxcrypt = extend (tree [ "libxcrypt" ] { }) {
    enabledCryptSchemeIds = [
      "y"
      "gy"
      "7"
      "2b"
      "2y"
      "2a"
      "6"
    ];
  };
  util-linux = extend (tree [ "util-linux" ] { }) { withPatches = pkgs.util-linux; };
  shadow = extend (tree [ "shadow" ] { }) {
    shellPath = "/bin/nologin";
    su = make [ "util-linux" ] { debs = stub.debian.util-linux; };
  };

  python3 = extend (tree [ "python3" ] { }) {
    pkgs = pkgs.python3Packages;
    python = pkgs.python3;
    pythonOnBuildForHost = pkgs.python3;
    sitePackages = "lib/python3.13/site-packages";
    interpreter = "/usr/bin/python3";
    pythonVersion = "3.13";
    withPackages = _: pkgs.python3;
  };
  python313 = pkgs.python3;
  python313Packages = pkgs.python3Packages;
  python3Packages = mentioned.python3Packages // {
    inherit (pkgs) callPackage;
    python = pkgs.python3;
    buildPythonApplication = mkDerivation;
    buildPythonPackage = mkDerivation;
  };
  perl = extend (tree [ "perl" ] { }) {
    pkgs = pkgs.perlPackages;
    interpreter = "/usr/bin/perl";
    withPackages = _: pkgs.perl;
  };
  perlPackages = mentioned.perlPackages // {
    makePerlPath = _: "";
    makeFullPerlPath = _: "";
  };

  xorg = mentioned.xorg // {
    lndir = mkDerivation {
      name = "lndir";
      buildCommand = ''
        mkdir -p $out/bin
        cat > $out/bin/lndir <<'SCRIPT'
        #!/bin/bash
        [ "$1" = -silent ] && shift
        cp -rsnT --no-preserve=mode "$(readlink -f "$1")" "$2"
        SCRIPT
        chmod +x $out/bin/lndir
      '';
    };
  };
  remarshal = make [ "remarshal" ] {
    post = "for i in json2yaml json2toml json2json; do ln -s ${./remarshal.py} $out/bin/$i; done";
  };

  fuse = make [ "fuse" ] {
    debs = "fuse3";
    post = "ln -sf /usr/bin/fusermount3 $out/bin/fusermount";
  };
  dbus = extend (make [ "dbus" ] {
    post = "mkdir -p $out/libexec; ln -s /usr/lib/dbus-1.0/dbus-daemon-launch-helper $out/libexec/";
  }) { };
  iptables = extend (make [ "iptables" ] {
    bins = lib.concatMap (name: [
      "/usr/sbin/${name}"
      "/usr/sbin/${name}-save"
      "/usr/sbin/${name}-restore"
    ]) [ "iptables" "ip6tables" ];
  }) { };
  nix =
    extend
      (make [ "nix" ] {
        debs = "nix-bin";
        post = ''
          mkdir -p $out/lib/tmpfiles.d
          echo d /nix/var/nix/daemon-socket 0755 root root - - > $out/lib/tmpfiles.d/nix-daemon.conf
        '';
      })
      {
        version = "2.26.3";
      };
  prometheus = extend (make [ "prometheus" ] { }) { cli = make [ "promtool" ] { }; };
  prometheus-node-exporter = extend (make [ "prometheus-node-exporter" ] {
    post = "ln -s /usr/bin/prometheus-node-exporter $out/bin/node_exporter";
  }) { };

  grub2 = grub;
  grub2_efi = grub;
  OVMF =
    let
      firmware = extend mentioned.OVMF {
        systemManagementModeRequired = false;
        fd = firmware;
      };
    in
    firmware;
}
