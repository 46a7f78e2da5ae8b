# The application's source with the two browser scripts in place, which git does not track.
{
  cacert,
  lib,
  nodejs,
  runCommand,
}:
let
  # The packages and hashes of hearth.web.vendor; a test compares them.
  scripts = [
    {
      name = "htmx.org";
      version = "2.0.11";
      hash = "sha512-Thx/WtpeOQqSrqBCw/A1cwGJGg4UrVa3+sW0GmrM3p4gJgO89ecH4qtbnyzDDWFvBTqjnIMCgELTNt636dtamA==";
      member = "package/dist/htmx.min.js";
    }
    {
      name = "htmx-ext-sse";
      version = "2.2.4";
      hash = "sha512-LJmxVhykyflBWgh5PvbRidcyuqMHlgfajmmzumvKctv9puvsufeH6OaejSMZTNTnEI8O2wXXn4ZZtBdpEMqmEQ==";
      member = "package/dist/sse.min.js";
    }
  ];
  # By npm itself, as hearth.web.vendor has it done, and held to its hash.
  tarball =
    script:
    runCommand "${script.name}-${script.version}.tgz"
      {
        nativeBuildInputs = [ nodejs ];
        SSL_CERT_FILE = "${cacert}/etc/ssl/certs/ca-bundle.crt";
        impureEnvVars = lib.fetchers.proxyImpureEnvVars;
        outputHashAlgo = null;
        outputHash = script.hash;
      }
      ''
        export HOME=$TMPDIR
        npm pack --pack-destination . ${script.name}@${script.version}
        mv *.tgz $out
      '';
  app = lib.fileset.toSource {
    root = ../app;
    fileset = lib.fileset.unions [
      ../app/hearth
      ../app/poetry.lock
      ../app/pyproject.toml
    ];
  };
in
runCommand "hearth-source" { } ''
  cp -r ${app} $out
  chmod -R u+w $out
  mkdir -p $out/hearth/web/static/vendor
  ${lib.concatMapStrings (script: ''
    tar -xzOf ${tarball script} ${script.member} > $out/hearth/web/static/vendor/${baseNameOf script.member}
  '') scripts}
''
