"""`hearth health`: every program answers, on a database that this version knows."""

from __future__ import annotations

from backup_house import BackedUpHouse

PROGRAMS = ("hub", "pod-family", "pod-study")


def wrong(house: BackedUpHouse) -> dict[str, str]:
    """What is not well, with its remedy."""
    told = house.hearth.json("health", exit_code=6)
    assert not told["ok"]
    return {one["what"]: one["remedy"] for one in told["findings"] if not one["ok"]}


def test_house_is_well_when_all_have_come_up(fresh_house: BackedUpHouse) -> None:
    fresh_house.elsewhere_engine()
    assert set(wrong(fresh_house)) == {f"program {name}" for name in PROGRAMS}
    with fresh_house.running(*PROGRAMS) as (_, _, study):
        told = fresh_house.hearth.json("health", "--wait", "60")
        assert told["ok"]
        assert len(told["findings"]) == 6
        assert "All is well" in fresh_house.hearth("health").stdout
        study.terminate()
        study.wait(30)
        assert list(wrong(fresh_house)) == ["program pod-study"]


def test_waiting_ends_in_time(fresh_house: BackedUpHouse) -> None:
    result = fresh_house.hearth("health", "--wait", "1")
    assert result.exit_code == 6
    last = result.stdout.splitlines()[-1]
    assert last.startswith("4 of 7 need attention: ")
    assert "program hub" in last
    assert "program pod-study" in last


def test_schema_of_another_version_is_named(fresh_house: BackedUpHouse) -> None:
    fresh_house.execute("study", "UPDATE alembic_version SET version_num = '9999'")
    assert "schema pod-study" not in wrong(fresh_house)  # it was only expanded
    fresh_house.execute("study", "PRAGMA user_version = 99")
    assert "migration" in wrong(fresh_house)["schema pod-study"]
    fresh_house.database("study").unlink()
    assert "schema pod-study" in wrong(fresh_house)
