"""A host that is kept as its difference to `box` comes back whole."""

from __future__ import annotations

from pathlib import Path

from lab.files import File, Link, write
from lab.rendering import BASE, LACKS, difference, names, whole

BOX: dict[str, File] = {
    "etc/hearth/hearth.toml": "[hub]\n",
    "etc/systemd/system/a.service": "[Unit]\n",
    "etc/systemd/system/b.service": "[Unit]\n",
    "etc/systemd/system/multi-user.target.wants/a.service": Link("../a.service"),
    "etc/systemd/system/timers.target.wants/b.timer": Link("../b.timer"),
}


def kept(tmp_path: Path, **hosts: dict[str, File]) -> Path:
    rendered = tmp_path / "rendered"
    write(BOX, rendered / BASE)
    for name, found in hosts.items():
        write(difference(found, BOX), rendered / name)
    return rendered


def read(folder: Path) -> dict[str, File]:
    return {
        str(file.relative_to(folder)): Link(str(file.readlink()))
        if file.is_symlink()
        else file.read_text()
        for file in folder.rglob("*")
        if file.is_symlink() or file.is_file()
    }


def test_a_variant_is_kept_as_what_sets_it_apart(tmp_path: Path) -> None:
    variant = BOX | {"etc/systemd/system/a.service": "#!/bin/sh\n", "store/c": "c\n"}
    del variant["etc/systemd/system/timers.target.wants/b.timer"]
    rendered = kept(tmp_path, variant=variant)
    assert names(rendered) == [BASE, "variant"]
    assert read(rendered / "variant") == {
        "etc/systemd/system/a.service": "#!/bin/sh\n",
        "store/c": "c\n",
        LACKS: "etc/systemd/system/timers.target.wants/b.timer\n",
    }
    folder = whole("variant", rendered, tmp_path / "whole")
    assert read(folder) == variant
    assert (folder / "etc/systemd/system/a.service").stat().st_mode & 0o111
    assert not (folder / "etc/systemd/system/timers.target.wants").exists()


def test_a_change_of_the_box_reaches_the_variant(tmp_path: Path) -> None:
    rendered = kept(tmp_path, variant=BOX | {"store/c": "c\n"})
    before = whole("variant", rendered, tmp_path / "whole")
    (rendered / BASE / "etc/hearth/hearth.toml").write_text("[hub]\nport = 1\n")
    whole.cache_clear()
    after = whole("variant", rendered, tmp_path / "whole")
    assert (after / "etc/hearth/hearth.toml").read_text() == "[hub]\nport = 1\n"
    assert (before / "etc/hearth/hearth.toml").read_text() == "[hub]\n"


def test_another_kind_of_host_is_kept_whole(tmp_path: Path) -> None:
    installer: dict[str, File] = {"etc/systemd/system/a.service": "[Unit]\n", "etc/issue": "hi\n"}
    rendered = kept(tmp_path, installer=installer)
    assert read(rendered / "installer") == installer
    assert whole("installer", rendered, tmp_path / "whole") == rendered / "installer"


def test_every_committed_host_is_whole() -> None:
    for name in names():
        folder = whole(name)
        links = [path for path in folder.rglob("*") if path.is_symlink()]
        wants = [link for link in links if link.parent.name.endswith((".wants", ".requires"))]
        assert wants or name == "installer"
        for link in wants:
            assert (link.parent / link.readlink()).exists() or "hearth-" not in link.name, link
