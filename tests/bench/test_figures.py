"""Figures, targets and tables of `make bench-inference`, from made-up samples."""

from __future__ import annotations

import pytest
from peers.figures import FIGURES, Measured, percentile95, rows, table
from peers.load import Stream, Wave

GENERAL = ("built", "prebuilt")


def run(server: str, **samples: list[float]) -> dict[str, object]:
    named = {name.replace("_", ", "): values for name, values in samples.items()}
    return {"model": "small", "server": server, "round": 1, "samples": named}


def test_median_over_rounds() -> None:
    measured = Measured([run("hearth", total_8=[value]) for value in (90.0, 300.0, 100.0)])
    figure = next(figure for figure in FIGURES if figure.sample == "total, 8")
    assert measured.value("small", "hearth", figure) == 100
    assert measured.value("small", "built", figure) is None


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (10, 10), (20, 19), (100, 95)])
def test_percentile(count: int, expected: float) -> None:
    assert percentile95([float(value) for value in range(count, 0, -1)]) == expected


def test_targets_compare_with_the_best_of_others() -> None:
    measured = Measured(
        [
            run("hearth", total_8=[110.0], total_16=[100.0]),
            run("python", total_8=[50.0]),
            run("built", total_8=[90.0], total_16=[90.0]),
            run("prebuilt", total_8=[100.0]),
        ]
    )
    targets, figures = rows(measured, GENERAL)
    met = {row.target: (round(row.value, 2), row.ok) for row in targets}
    assert met == {"≥ 1.05": (1.1, True), "≥ 1.2": (1.11, False), "≥ 2.3": (2.2, False)}
    assert "small, built: total, 16 clients" in {row.name for row in figures}


def test_a_server_in_another_context_is_compared_without_a_target() -> None:
    runs = [run("hearth", total_8=[100.0]), run("built-apart", total_8=[80.0])]
    (row,), _ = rows(Measured(runs), GENERAL)
    assert (row.value, row.target, row.ok) == (1.25, "", None)


def test_shortest_time_is_the_best_of_others() -> None:
    firsts = {"hearth": 1.0, "built": 5.0, "prebuilt": 4.0}
    runs = [run(name, **{"first token, shared": [value]}) for name, value in firsts.items()]
    (row,), _ = rows(Measured(runs), GENERAL)
    assert (row.value, row.target, row.ok) == (0.25, "≤ 0.25", True)


def test_table_leaves_out_what_was_not_measured() -> None:
    measured = Measured([run("hearth", total_8=[1234.5]), run("built", total_1=[9.876])])
    lines = table(measured, "small", {"hearth": "Hearth", "built": "Other", "python": "Third"})
    assert lines.splitlines() == [
        "| small | Hearth | Other |",
        "|---|---:|---:|",
        "| total, 1 client, tokens/s |  | 9.88 |",
        "| total, 8 clients, tokens/s | 1,234 |  |",
    ]


def test_stream() -> None:
    stream = Stream(begun=10.0, pieces=[10.5, 10.75, 11.5], told=5)
    assert (stream.first, stream.gap, stream.rate) == (0.5, 0.75, 4.0)
    nothing = Stream(begun=10.0)
    assert (nothing.first, nothing.gap, nothing.rate, nothing.tokens) == (None, None, None, 0)


def test_what_the_limit_cut_is_not_broken() -> None:
    streams = (Stream(0.0, [1.0]), Stream(0.0, [1.0], fault="gone"), Stream(0.0, reason="stop"))
    wave = Wave(streams, 2.0, cut=True)
    assert (wave.broken, wave.rate) == (1, 1)
