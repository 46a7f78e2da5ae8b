"""How much memory there is, read from files as the kernel writes them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hearth.inference.workers import memory

MB = 2**20
RESERVE = 256 * MB


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with 8,000 MB available and this process in the group /hearth/inference."""
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text(
        f"MemTotal:  {16_000 * 1024} kB\nMemFree: 1 kB\nMemAvailable:  {8_000 * 1024} kB\n"
    )
    (tmp_path / "proc" / "self" / "cgroup").write_text("0::/hearth/inference\n")
    (tmp_path / "cgroup" / "hearth" / "inference").mkdir(parents=True)
    return tmp_path


def group(machine: Path, name: str, limit: str, current: int, cache: int) -> None:
    folder = machine / "cgroup" / name
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{current * MB}\n")
    (folder / "memory.stat").write_text(f"anon 5\nfile {cache * MB}\ninactive_file 7\n")


def available(machine: Path) -> int:
    return (memory.available_bytes(machine / "proc", machine / "cgroup") + RESERVE) // MB


def test_without_limits_it_is_what_the_machine_has(machine: Path) -> None:
    assert available(machine) == 8_000
    group(machine, "hearth/inference", "max", 500, 100)
    assert available(machine) == 8_000


def test_the_own_groups_limit_counts_without_the_file_cache(machine: Path) -> None:
    group(machine, "hearth/inference", str(4_000 * MB), 1_500, 1_000)
    assert available(machine) == 3_500


def test_the_narrowest_limit_above_counts(machine: Path) -> None:
    group(machine, "hearth/inference", str(4_000 * MB), 0, 0)
    group(machine, "hearth", str(3_000 * MB), 2_600, 100)
    assert available(machine) == 500


def test_a_limit_that_is_used_up_leaves_less_than_nothing(machine: Path) -> None:
    group(machine, "hearth", str(1_000 * MB), 1_200, 0)
    assert available(machine) == -200


@pytest.mark.parametrize(
    "harm",
    [
        lambda machine: (machine / "proc" / "self" / "cgroup").unlink(),
        lambda machine: (machine / "proc" / "self" / "cgroup").write_text("4:memory:/x\n"),
        lambda machine: group(machine, "hearth", "nonsense", 0, 0),
        lambda machine: (machine / "cgroup" / "hearth" / "memory.max").write_text("5"),
    ],
)
def test_what_cannot_be_read_is_no_limit(machine: Path, harm: Callable[[Path], object]) -> None:
    harm(machine)
    assert available(machine) == 8_000


def test_this_machine_and_this_process_have_memory() -> None:
    assert memory.available_bytes() > -RESERVE
    own = memory.resident_bytes(os.getpid())
    assert 10 * MB < memory.anonymous_bytes(os.getpid()) <= own
    assert memory.resident_bytes(None) == memory.resident_bytes(2**22 + 1) == 0
