"""What the machines have below /opt/hearth: this clone's Python, its packages, Hearth and weights.

`PYTHONPATH=scripts/setup python environment.py FOLDER` makes it there. Files are linked where the
file system allows it, so that gigabytes cost nothing. On the box the same two environments come
from `pkgs/`.
"""

from __future__ import annotations

import compileall
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

import requirements
from packaging.markers import Marker

from hearth.config import Settings

ROOT = Path(__file__).resolve().parents[2]
PLACE = "/opt/hearth"  # where the machines find it
_VERSION = f"python{sys.version_info[0]}.{sys.version_info[1]}"
_LIGHT = ("base.txt", "sample.txt", "systemd.txt")
_MODELS = ("base.txt", "models.txt", "systemd.txt", "torch.txt")
_NOT_NEEDED = {"site-packages", "dist-packages", "test", "idlelib", "tkinter", "turtledemo"}
WEIGHTS = ("qwen2.5-coder-1.5b-instruct", "smollm2-135m-instruct", "all-minilm-l6-v2")


def make(folder: Path) -> None:
    """Make what is missing in `folder`, and Hearth itself anew."""
    stamp = folder / "stamp"
    key = _key()
    if not stamp.is_file() or stamp.read_text() != key:
        shutil.rmtree(folder, ignore_errors=True)
        _python(folder / "python")
        _environment(folder / "light", _LIGHT)
        _environment(folder / "models", _MODELS)
        stamp.write_text(key)
    for environment in ("light", "models"):
        _hearth(folder / environment)
    for name in WEIGHTS:
        shutil.rmtree(folder / "weights" / name, ignore_errors=True)
        _link_tree(Settings().models / name, folder / "weights" / name)


def _key() -> str:
    files = [requirements.FOLDER / name for name in (*_LIGHT, *_MODELS)]
    whole = hashlib.sha256(f"{sys.version} {sys.base_prefix}".encode())
    for file in (*files, Path(__file__)):
        whole.update(file.read_bytes())
    return whole.hexdigest()


def _python(folder: Path) -> None:
    """The interpreter and its library, wherever this machine has them."""
    base = Path(sys.base_prefix)
    program = folder / "bin" / _VERSION
    program.parent.mkdir(parents=True)
    shutil.copy2(base / "bin" / _VERSION, program)
    # It must find its own library where it will lie, not where this machine has it.
    subprocess.run(["patchelf", "--set-rpath", "$ORIGIN/../lib", str(program)], check=True)
    for library in sorted((base / "lib").glob("libpython3*.so*")):
        _link(library, folder / "lib" / library.name)
    library = Path(sysconfig.get_paths()["stdlib"])
    _link_tree(library, folder / "lib" / _VERSION, leave_out=_NOT_NEEDED)


def _environment(folder: Path, files: Iterable[str]) -> None:
    packages = folder / "lib" / _VERSION / "site-packages"
    site = Path(sysconfig.get_paths()["purelib"])
    for name in sorted({name for file in files for name in _names(file)}):
        for file in distribution(name).files or ():
            source = (site / file).resolve()
            if source.is_file() and source.is_relative_to(site):
                _link(source, packages / source.relative_to(site))
    (folder / "bin").mkdir()
    for name in ("python", "python3", _VERSION):
        (folder / "bin" / name).symlink_to(f"{PLACE}/python/bin/{_VERSION}")
    (folder / "pyvenv.cfg").write_text(f"home = {PLACE}/python/bin\n")
    # A pod runs without docstrings; where its packages lie nothing can be written later.
    _compile(packages, folder)


def _compile(code: Path, folder: Path) -> None:
    for optimize in (0, 2):
        compileall.compile_dir(code, quiet=2, optimize=optimize, workers=0, stripdir=str(folder))


def _names(file: str) -> Iterator[str]:
    if file == "torch.txt":
        yield "torch"
    for name, text in requirements.of(file).items():
        condition = text.partition("\n")[0].partition(";")[2].strip(" \\")
        if not condition or Marker(condition).evaluate():
            yield name


def _hearth(folder: Path) -> None:
    target = folder / "lib" / _VERSION / "site-packages" / "hearth"
    shutil.rmtree(target, ignore_errors=True)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "app" / "hearth", target, ignore=ignore)
    _compile(target, folder)
    program = folder / "bin" / "hearth"
    program.write_text(
        f"#!{PLACE}/{folder.name}/bin/python\n"
        "import sys\n\nfrom hearth.cli.main import main\n\nsys.exit(main())\n"
    )
    program.chmod(0o755)


def _link_tree(source: Path, target: Path, leave_out: Iterable[str] = ()) -> None:
    without = set(leave_out)
    for folder, folders, files in os.walk(source):
        folders[:] = [name for name in folders if name not in without]
        for name in files:
            file = Path(folder) / name
            _link(file, target / file.relative_to(source))


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except FileExistsError:
        return
    except OSError:  # another file system
        shutil.copy2(source, target)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
