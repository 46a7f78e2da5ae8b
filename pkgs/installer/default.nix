# hearth-install and hearth-welcome: Python's standard library, and the programs they call. Nix itself
# comes from the system that they run on, since it must know that system's settings.
{
  lib,
  cryptsetup,
  gptfdisk,
  iproute2,
  lvm2,
  mdadm,
  nixos-install-tools,
  openssl,
  python,
  qrencode,
  runtimeShell,
  systemd,
  util-linux,
  writeTextFile,
  symlinkJoin,
}:
let
  code = lib.fileset.toSource {
    root = ./.;
    fileset = ./hearth_install;
  };
  program =
    name: module: tools:
    writeTextFile {
      inherit name;
      executable = true;
      destination = "/bin/${name}";
      text = ''
        #!${runtimeShell}
        export PATH=${lib.makeBinPath tools}:$PATH
        export PYTHONPATH=${code}
        exec ${python.interpreter} -B -m hearth_install${module} "$@"
      '';
    };
in
symlinkJoin {
  name = "hearth-install";
  paths = [
    (program "hearth-install" "" [
      cryptsetup
      gptfdisk
      lvm2
      mdadm
      nixos-install-tools
      openssl
      systemd
      util-linux
    ])
    (program "hearth-welcome" ".welcome" [
      iproute2
      qrencode
      util-linux
    ])
  ];
}
