# Fails to build where the two environments hold different versions of what both depend on, or
# where the model one is not the lock's.
{
  light,
  models,
  runCommand,
}:
runCommand "hearth-versions" { } ''
  ${light}/bin/python ${./compare_versions.py} > light.json
  ${models}/bin/python ${./compare_versions.py} light.json ${../app/poetry.lock}
  touch $out
''
