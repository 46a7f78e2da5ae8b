"""Every call that would abort the process is refused, in this very process; FACTS by llama.cpp."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hearth.core.errors import Damaged
from hearth.inference.engine.context import Context
from hearth.inference.engine.llama import Model
from hearth.inference.engine.sampler import Sampler
from hearth.inference.engine.saved import SavedPrefixes
from hearth.inference.generation import Sampling

PAST = (2, -1, 256, 10**6)
DRAWS = Sampling(temperature=0.5, seed=1)
GREEDY = Sampling(temperature=0)


@pytest.fixture(scope="module")
def model(model_file: Path) -> Iterator[Model]:
    """The small model."""
    model = Model(model_file)
    yield model
    model.close()


@pytest.fixture
def context(model: Model) -> Iterator[Context]:
    """Two sequences in 256 cells; eight rows in a batch, two of them with logits."""
    context = Context(model, cells=256, sequences=2, threads=1, batch=8, outputs=2)
    yield context
    context.close()


@pytest.fixture
def kept(context: Context, tmp_path: Path) -> Path:
    """A saved sequence."""
    context.add([5, 6, 7], 0, 0, logits=1)
    context.decode()
    context.save(0, [5, 6, 7], tmp_path / "kept")
    return tmp_path / "kept"


def test_a_batch_is_never_larger_than_n_batch(context: Context) -> None:
    context.add([5] * 6, 0, 0, logits=0)
    with pytest.raises(ValueError, match="more than 8 tokens"):
        context.add([5] * 3, 0, 1, logits=0)
    assert context.room == 2


def test_never_more_rows_with_logits_than_outputs(context: Context) -> None:
    context.add([5], 0, 0, logits=1)
    with pytest.raises(ValueError, match="more than 2 rows with logits"):
        context.add([5, 6], 0, 1, logits=2)
    with pytest.raises(ValueError, match="rows with logits"):
        context.add([5], 0, 1, logits=2)  # more than there are tokens
    context.add([5, 6], 0, 1, logits=1)
    context.decode()
    assert context.has_logits(0)
    assert context.has_logits(2)


@pytest.mark.parametrize("sampling", [DRAWS, GREEDY])
@pytest.mark.parametrize("row", [-1, 0, 2, 100])
def test_a_row_without_logits_is_never_sampled(
    model: Model, context: Context, sampling: Sampling, row: int
) -> None:
    context.add([5, 6], 0, 0, logits=1)
    context.decode()
    sampler = Sampler(model, sampling, None)
    with pytest.raises(ValueError, match="no logits"):
        sampler.sample(context, row)
    with pytest.raises(ValueError, match="no logits"):
        context.logits(row)
    assert sampler.sample(context, 1) >= 0
    sampler.close()


@pytest.mark.parametrize("past", PAST)
def test_a_sequence_past_n_seq_max_reaches_no_call(
    context: Context, kept: Path, tmp_path: Path, past: int
) -> None:
    calls = (
        lambda: context.share(0, past, 2),
        lambda: context.share(past, 1, 2),
        lambda: context.length(past),
        lambda: context.trim(past, 1),
        lambda: context.remove(past),
        lambda: context.save(past, [5], tmp_path / "none"),
        lambda: context.restore(past, [5, 6, 7], kept),
        lambda: context.add([5], 0, past, logits=0),
    )
    for call in calls:
        with pytest.raises(ValueError, match="is not below 2"):
            call()
    assert context.length(0) == 3
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("sampling", [DRAWS, GREEDY])
def test_a_token_that_the_grammar_forbids_is_never_accepted(
    model: Model, context: Context, sampling: Sampling
) -> None:
    sampler = Sampler(model, sampling, 'root ::= "yes" | "no"')
    said = b""
    tokens = model.tokenize("<|im_start|>user\nHow tall is it?<|im_end|>\n")[:8]
    context.add(tokens, 0, 0, logits=1)
    at = len(tokens)
    for _ in range(6):
        context.decode()
        token = sampler.sample(context, at - 1 if at == len(tokens) else 0)
        if model.ends(token):
            break
        said += model.piece(token)
        context.add([token], at, 0, logits=1)
        at += 1
    assert said in (b"yes", b"no")
    sampler.close()


@pytest.mark.parametrize(
    ("begun", "holds"), [(b"", True), (b"ye", True), (b"yes", True), (b"maybe", False)]
)
def test_what_a_trigger_leaves_is_accepted_only_where_the_grammar_allows_it(
    model: Model, context: Context, begun: bytes, holds: bool
) -> None:
    sampler = Sampler(model, GREEDY, 'root ::= "yes" | "no"', triggered=True)
    sampler.enforce(begun)
    context.add(model.tokenize("The"), 0, 0, logits=1)
    context.decode()
    text = model.piece(sampler.sample(context, 0))
    assert (text in (b"y", b"ye", b"yes", b"s", b"n", b"no", b"")) is holds
    sampler.close()


@pytest.mark.parametrize("begun", [b"\xe2\x82", b"\xff\xfe", b"yes" * 500, b"<|im_end|>"])
def test_broken_text_after_a_trigger_aborts_nothing(model: Model, begun: bytes) -> None:
    for rules in ('root ::= "yes" | "no"', "root ::= [^a]*"):
        sampler = Sampler(model, GREEDY, rules, triggered=True)
        sampler.enforce(begun)
        sampler.close()


def test_a_sequence_comes_back_as_it_was_saved(context: Context, kept: Path) -> None:
    assert context.restore(1, [5, 6, 7], kept)
    assert context.length(1) == 3
    for sequence in (0, 1):
        context.add([8], 3, sequence, logits=1)
    context.decode()
    assert abs(context.logits(0) - context.logits(1)).max() < 0.2


@pytest.mark.parametrize("tokens", [[5, 6, 8], [5, 6], [5, 6, 7, 8], [9]])
def test_a_file_of_other_tokens_is_not_restored(
    context: Context, kept: Path, tokens: list[int]
) -> None:
    assert not context.restore(1, tokens, kept)
    assert context.length(1) == 0
    assert context.length(0) == 3


def test_no_file_and_a_file_that_is_none_are_not_restored(context: Context, tmp_path: Path) -> None:
    assert not context.restore(0, [5], tmp_path / "absent")
    (tmp_path / "other").write_bytes(b"something else altogether" * 10)
    assert not context.restore(0, [5], tmp_path / "other")


def test_a_folder_that_cannot_be_written_is_an_error(context: Context, tmp_path: Path) -> None:
    context.add([5], 0, 0, logits=1)
    context.decode()
    with pytest.raises(RuntimeError, match="could not write"):
        context.save(0, [5], tmp_path / "absent" / "file")


def test_a_truncated_file_never_reaches_llama(context: Context, tmp_path: Path) -> None:
    saved = SavedPrefixes(tmp_path, "0" * 64)
    context.add([5, 6, 7], 0, 0, logits=1)
    context.decode()
    saved.save(context, 0, [5, 6, 7])
    assert saved.load(context, 1, [5, 6, 7])
    (path,) = tmp_path.glob("*.state")
    whole = path.read_bytes()
    for size in (0, 1, 8, len(whole) // 2, len(whole) - 1):
        context.remove(1)
        path.write_bytes(whole[:size])
        assert not saved.load(context, 1, [5, 6, 7])
        assert context.length(1) == 0


@pytest.mark.parametrize("harm", ["a folder", "no text", "a folder beside"])
def test_what_should_not_be_there_costs_only_time(
    context: Context, tmp_path: Path, harm: str
) -> None:
    saved = SavedPrefixes(tmp_path, "0" * 64)
    context.add([5, 6, 7], 0, 0, logits=1)
    context.decode()
    saved.save(context, 0, [5, 6, 7])
    (path,) = tmp_path.glob("*.state")
    if harm == "a folder":
        path.unlink()
        path.mkdir()
    elif harm == "no text":
        path.with_suffix(".sha256").write_bytes(b"\xff\xfe\x00")
    else:
        (tmp_path / "folder").mkdir()
    assert saved.load(context, 1, [5, 6, 7]) is (harm == "a folder beside")
    saved.keep_only([])
    saved.save(context, 0, [5, 6, 7])


def test_trimming_cuts_a_sequence_and_no_other(context: Context) -> None:
    context.add([5, 6, 7], 0, 0, logits=1)
    context.decode()
    assert context.share(0, 1, 3)
    assert context.trim(1, 1)
    assert (context.length(0), context.length(1)) == (3, 1)
    assert context.trim(1, 50)  # nothing is there
    assert context.trim(0, 0)
    assert (context.length(0), context.length(1)) == (0, 1)


def test_a_model_that_computes_no_numbers_is_damaged(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    context.prove()
    assert context.length(0) == 0
    real = context.logits
    monkeypatch.setattr(context, "logits", lambda row: real(row) * float("nan"))
    with pytest.raises(Damaged, match="nonsense"):
        context.prove()
