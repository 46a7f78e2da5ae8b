# Models by fixed hash, from their makers: each is a folder that belongs at MODELS_DIR/NAME. A model
# whose hashes nobody has checked has no package; `hearth models pull` brings it.
{
  lib,
  fetchurl,
  linkFarm,
}:
let
  manifest = (lib.importTOML ../app/hearth/inference/models/models.toml).model;

  maker = model: lib.findFirst (source: source.kind == "url") null model.sources;
  fixed = model: maker model != null && lib.all (file: file ? sha256) model.files;

  file =
    model: file:
    lib.nameValuePair file.path (fetchurl {
      name = lib.strings.sanitizeDerivationName (baseNameOf file.path);
      url = lib.replaceStrings [ "{file}" ] [ file.path ] (maker model).url;
      inherit (file) sha256;
    });

  weight =
    model:
    lib.nameValuePair model.name (
      linkFarm "hearth-weights-${model.name}" (lib.listToAttrs (map (file model) model.files))
      // {
        # Its version is part of a model's name, which `getName` would cut off.
        pname = "hearth-weights-${model.name}";
      }
    );
in
lib.listToAttrs (map weight (lib.filter fixed manifest))
