# The programs on one's own machine, with the sample household, without NixOS and without walls.
{
  lib,
  hearth,
  writeShellApplication,
}:
let
  used = [
    "qwen2.5-coder-1.5b-instruct"
    "all-minilm-l6-v2"
  ];
in
writeShellApplication {
  name = "hearth-demo";
  text = ''
    home=''${HEARTH_DEMO:-''${XDG_STATE_HOME:-$HOME/.local/state}/hearth-demo}
    models=''${XDG_CACHE_HOME:-$HOME/.cache}/hearth/models
    mkdir -p "$home" "$models"
    ${lib.concatMapStrings (name: ''
      [ -e "$models/${name}" ] || ln -s ${hearth.weights.${name}} "$models/${name}"
    '') used}
    # One interpreter for all programs here: the lock's packages first, the model libraries behind.
    export PYTHONPATH=${hearth.light}/lib/python3.13/site-packages
    [ -e "$home/hearth.toml" ] || ${hearth.light}/bin/hearth sample --into "$home"
    exec ${hearth.models}/bin/python -m hearth.cli.main up --config "$home/hearth.toml"
  '';
}
