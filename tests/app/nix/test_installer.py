"""The installer, on disks that are only lsblk's JSON: what it asks and what it refuses."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from disk_listings import (
    LSBLK,
    OLD_BOX,
    STICK,
    WINDOWS,
    WITH_OLD_BOX,
    choices,
    device,
    disk,
    listing,
    part,
)
from hearth_install.choices import SMALL, STANDARD, Choices, check, from_file
from hearth_install.disks import GB, Disk, describe, read
from hearth_install.errors import CannotInstall
from hearth_install.questions import Asker, confirm, interview

# Disks


def test_disks_are_read_with_what_is_nested_in_them() -> None:
    assert [found.name for found in read(LSBLK)] == ["nvme0n1", "sda"]
    assert [found.path for found in disk("sdb").parts] == [
        "/dev/sdb1",
        "/dev/sdb5",
        "/dev/mapper/hearth-data",
    ]
    assert disk("/dev/sda").in_use
    assert disk("sdb").data == disk("sdb").parts[1]
    assert disk("nvme0n1").data is None


def test_what_will_be_erased_is_shown() -> None:
    assert describe(disk("nvme0n1")) == [
        "nvme0n1  2.0 TB  Samsung SSD 990 PRO NVME S7KHNJ0W",
        "  /dev/nvme0n1p1  1.0 GB  vfat  SYSTEM",
        "  /dev/nvme0n1p2  1.9 TB  ntfs  Photos",
    ]
    assert describe(read(json.dumps({"blockdevices": [device("/dev/sdc", GB)]}))[0])[1:] == [
        "  empty: no partitions"
    ]


@pytest.mark.parametrize("text", ["", "{}", '{"blockdevices": [{"type": "disk"}]}'])
def test_an_answer_that_is_not_lsblks_is_refused(text: str) -> None:
    with pytest.raises(CannotInstall, match="lsblk"):
        read(text)


# Choices


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"disk": disk("sda")}, "in use"),
        ({"keep_data": True}, "no data of an earlier installation"),
        ({"host_name": "My Box"}, "host name"),
        ({"owner_login": "Anna M"}, "owner's login"),
        ({"owner_name": ""}, "owner's name"),
        ({"time_zone": "Berlin"}, "Europe/Berlin"),
        ({"encryption": "some"}, "passphrase"),
        ({"encryption": "tpm2", "passphrase": "short"}, "passphrase"),
        ({"admin_password": "short"}, "fewer than 8"),
        ({"admin_password": "correct horse", "owner_login": "root"}, "another login"),
        ({"admin_password": "correct horse", "owner_login": "hearth-hub"}, "another login"),
        ({"pods": ("garden",)}, "family"),
        ({"pods": ()}, "at least one pod"),
        ({"disk": Disk("sdc", "/dev/sdc", 60 * GB, "", "", "", ())}, "or more"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(CannotInstall, match=words):
        check(choices(**wrong))


def test_data_is_kept_as_it_lies() -> None:
    old = {"disk": disk("sdb"), "keep_data": True}
    assert check(choices(**old, encryption="tpm2")).disk.data
    with pytest.raises(CannotInstall, match="stays as it is: choose encryption passphrase or tpm2"):
        check(choices(**old))
    for filesystem, words in (("ext4", "choose encryption none"), (None, "no file system")):
        data = part("/dev/sdb5", 300 * GB, partlabel="disk-main-data", fstype=filesystem)
        [found] = read(listing(OLD_BOX | {"children": [data]}))
        with pytest.raises(CannotInstall, match=words):
            check(choices(disk=found, keep_data=True, encryption="tpm2"))


def test_another_box_in_the_machine_is_in_the_way() -> None:
    [new, _, old] = read(listing(WINDOWS, STICK, OLD_BOX))
    assert not old.in_the_way
    with pytest.raises(CannotInstall, match="sdb holds a box too"):
        check(choices(disk=new))


def test_a_volume_on_two_disks_is_taken_apart_by_its_owner() -> None:
    mirror = device("/dev/md127", 300 * GB, type="raid1", fstype="ext4")
    disks = [
        device(
            f"/dev/{name}", 400 * GB, children=[part(f"/dev/{name}1", 300 * GB, children=[mirror])]
        )
        for name in ("sdc", "sdd")
    ]
    with pytest.raises(CannotInstall, match="/dev/md127 lies on sdc and on sdd"):
        check(choices(disk=read(listing(*disks))[0]))


def test_a_small_disk_gets_small_partitions() -> None:
    assert choices().sizes is STANDARD
    small = Disk("sdc", "/dev/sdc", 128 * GB, "", "", "", ())
    assert check(choices(disk=small)).sizes is SMALL


GOOD = """
disk = "/dev/nvme0n1"
erase = true
pods = ["family"]
owner = { login = "anna", name = "Anna" }
"""


def unattended(text: str) -> Choices:
    return from_file(text, {found.path: found for found in read(LSBLK)})


def test_a_file_answers_everything() -> None:
    chosen = unattended(GOOD)
    assert (chosen.disk.name, chosen.pods, chosen.owner_name) == ("nvme0n1", ("family",), "Anna")
    assert (chosen.host_name, chosen.encryption, chosen.keep_data) == ("hearth", "none", False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("erase = true", ""), "erase = true"),
        (GOOD.replace("erase = true", 'erase = "true"'), "erase = true"),
        (GOOD.replace("nvme0n1", "sdx"), "there is no disk"),
        (GOOD + "color = 1", "unknown key"),
        (GOOD + "keep_data = 1", "keep_data"),
        (GOOD.replace('["family"]', '"family"'), "write pods"),
        (GOOD.replace("owner =", "owner = 1 #"), "owner"),
        (GOOD + "host_name = 1", "host_name"),
        ("disk = ", "install.toml"),
    ],
)
def test_a_file_that_is_wrong_erases_nothing(text: str, words: str) -> None:
    with pytest.raises(CannotInstall, match=words):
        unattended(text)


# Questions


def interviewed(*answers: str, disks: str = LSBLK, keep_data: bool = False) -> tuple[Choices, str]:
    said = io.StringIO()
    asker = Asker(io.StringIO("".join(f"{answer}\n" for answer in answers)), said)
    return interview(asker, read(disks), keep_data=keep_data), said.getvalue()


def test_questions_lead_to_choices() -> None:
    chosen, said = interviewed(
        "sda", "nvme0n1", "", "box", "", "family health", "anna", "Anna", "", "nvme0n1"
    )
    assert chosen.disk.name == "nvme0n1"
    assert (chosen.host_name, chosen.time_zone) == ("box", "Europe/Berlin")
    assert chosen.pods == ("family", "health")
    assert "there is no disk 'sda'" in said  # the stick itself is not offered
    assert "Everything on this disk will be ERASED" in said
    assert said.count("Photos") == 2


def test_a_passphrase_is_typed_twice() -> None:
    secret = choices().passphrase
    answers = ("sdb", "tpm2", secret, secret, "", "", "", "", "", "", "sdb")
    chosen, said = interviewed(*answers, disks=WITH_OLD_BOX)
    assert (chosen.encryption, chosen.passphrase) == ("tpm2", secret)
    assert secret not in said
    assert secret not in repr(chosen)
    with pytest.raises(CannotInstall, match="differ"):
        interviewed("nvme0n1", "tpm2", secret, "another")


def test_the_owners_password_is_typed_twice_or_not_at_all() -> None:
    asked = ("nvme0n1", "", "", "", "", "anna", "Anna")
    typed = "correct horse"
    chosen, said = interviewed(*asked, typed, typed, "nvme0n1")
    assert chosen.admin_password == typed
    assert typed not in said
    assert typed not in repr(chosen)
    with pytest.raises(CannotInstall, match="differ"):
        interviewed(*asked, typed, "another")


def test_anything_but_the_disks_name_stops_it() -> None:
    with pytest.raises(CannotInstall, match="nothing was changed"):
        interviewed("nvme0n1", "", "", "", "", "", "", "", "yes")
    with pytest.raises(CannotInstall, match="no answer"):
        confirm(Asker(io.StringIO(), io.StringIO()), choices())


def test_data_that_stays_is_said() -> None:
    secret = choices().passphrase
    answers = ("sdb", "passphrase", secret, secret, "", "", "", "", "", "", "sdb")
    _, said = interviewed(*answers, disks=WITH_OLD_BOX, keep_data=True)
    assert "Everything but the data on this disk will be ERASED" in said
