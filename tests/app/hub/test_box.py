"""GET /api/v1/box: who may see how the machine is, and what it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from box_house import WatchedHouse, ago, all_well, backed_up, drilled, full_disk, report, silent_pod
from hub_house import ROOMY, House, running_house

from hearth.core.people import ALL_RIGHTS, Right, Role
from hearth.ops.box import REPORT

BOX = "/api/v1/box"
EVERY_POD = {"family": ALL_RIGHTS, "finance": ALL_RIGHTS}


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """A house on a box; each test says how the box is."""
    with running_house(ROOMY, WatchedHouse) as house:
        yield house


@pytest.fixture(autouse=True)
def _well(house: House) -> None:
    all_well(house.settings)


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.OWNER, 200),
        (Role.ADULT, 200),
        (Role.TEEN, 403),
        (Role.CHILD, 403),
        (Role.GUEST, 403),
    ],
)
def test_grown_ups_alone_see_it(house: House, role: Role, status: int) -> None:
    member = house.add_member(role=role, grants=EVERY_POD)
    assert house.browser(member).get(BOX).status_code == status
    assert house.console(member).get(BOX).status_code == status


def test_nobody_sees_it_unknown(house: House) -> None:
    assert house.client().get(BOX).status_code == 401


def test_a_token_does_not_see_it(house: House) -> None:
    program = house.program(house.owner, ["family"], list(Right))
    assert program.get(BOX).status_code == 403


def test_it_says_that_all_is_well(house: House) -> None:
    box = house.console().get(BOX).json()
    assert box["well"]
    assert box["troubles"] == []
    assert {part["name"] for part in box["report"]["watched"]} >= {"hub", "pod-finance"}
    assert box["backup"]["bytes"] == 214_000_000
    assert box["drill"]["questions"] == 3


def test_it_names_what_is_wrong_the_gravest_first(house: House) -> None:
    report(house.settings, full_disk(), silent_pod())
    box = house.console().get(BOX).json()
    assert not box["well"]
    assert [each["name"] for each in box["troubles"]] == ["ProgramDown", "DiskFillsInFourDays"]
    grave = box["troubles"][0]
    assert grave["since"]
    assert "journalctl -u hearth-pod-finance" in grave["remedy"]


def test_a_pod_that_is_not_theirs_is_not_named(house: House) -> None:
    report(house.settings, silent_pod(), full_disk())
    member = house.add_member(grants={"family": ALL_RIGHTS})
    answer = house.browser(member).get(BOX)
    assert "finance" not in answer.text
    assert [each["name"] for each in answer.json()["troubles"]] == ["DiskFillsInFourDays"]


def test_what_the_records_say_of_backups_holds_before_prometheus_says_it(house: House) -> None:
    twice = silent_pod().model_copy(update={"name": "BackupFailed", "pod": None})
    report(house.settings, twice)
    backed_up(house.settings, good=ago(hours=26), failure="no room")
    drilled(house.settings, failure="a row is missing")
    troubles = house.console().get(BOX).json()["troubles"]
    assert [each["name"] for each in troubles] == ["BackupFailed", "BackupTooOld", "DrillFailed"]
    assert "no room" in troubles[0]["what"]


@pytest.mark.parametrize("fault", ["missing", "damaged", "old"])
def test_a_silent_monitoring_is_named(house: House, fault: str) -> None:
    place = house.settings.watch_dir / REPORT
    if fault == "missing":
        place.unlink()
    elif fault == "damaged":
        place.write_text('{"at": "now"')
    else:
        report(house.settings, silent_pod(), at=ago(minutes=4))
    troubles = house.console().get(BOX).json()["troubles"]
    assert [each["name"] for each in troubles] == ["NotWatched"]
