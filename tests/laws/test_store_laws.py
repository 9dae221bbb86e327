"""A stored table is the one that would have been made in memory, however often it was interrupted, bit for bit."""

from __future__ import annotations

import shutil
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeModel, SessionModel, TableModel
from gpts import random_gpt
from hypothesis import given
from hypothesis import strategies as st
from stored import CountedSessions, table_part
from strategies import rules, spaces

import markovgpt as mg
from markovgpt.kernels.compiled import can_compile
from markovgpt.models.mingpt import MinGPTConfig
from markovgpt.table_file import writing

NETWORK = random_gpt(MinGPTConfig(vocab_size=2, context_length=11, n_layer=2, n_head=2, n_embd=8))


@st.composite
def table_models(draw: st.DrawFn) -> tuple[TableModel, Any]:
    """Models of small tables, impossible tokens included, and lengths."""
    space = draw(spaces())
    every = mg.StateSpace(vocab_size=space.vocab_size, context_length=space.context_length, lengths="all")
    logits = np.random.default_rng(draw(st.integers(0, 9))).normal(scale=5, size=(every.n_states, every.vocab_size))
    if draw(st.booleans()):
        logits[:, 1:][logits[:, 1:] < -6] = -np.inf
    return (SessionModel if draw(st.booleans()) else TableModel)(
        logits, context_length=space.context_length
    ), space.lengths


@given(case=table_models(), rule=rules(), strategy=st.sampled_from(["loop", "batched", "prefix"]), kept=st.booleans())
def test_stored_table_is_that_of_memory(
    case: tuple[TableModel, Any], rule: mg.Decoding, strategy: str, kept: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Bits, what is left out, and what is counted, of any model, rule and strategy; and when it is read again."""
    model, lengths = case
    asked = mg.restrict_tokens(model, range(0, model.vocab_size, 2)) if kept else model
    path = tmp_path_factory.mktemp("stored") / "a.table"
    options: dict[str, Any] = {"lengths": lengths, "decoding": rule, "strategy": strategy, "batch_size": 7}
    memory = mg.build_chain(asked, **options)
    for found in (mg.build_chain(asked, store=path, **options), mg.build_chain(asked, store=path, **options)):
        np.testing.assert_array_equal(found.probabilities, memory.probabilities)
        assert found.fingerprint == memory.fingerprint
        assert found.origin.n_underflows == memory.origin.n_underflows
        assert (found.cut is None) == (memory.cut is None) == (not kept)
        if kept:
            np.testing.assert_array_equal(found.cut, memory.cut)
    read = mg.load_chain(path)
    assert (read.fingerprint, read.origin.decoding) == (memory.fingerprint, rule)
    assert read.vocabulary.tokens == memory.vocabulary.tokens


def test_finished_file_is_read_and_the_model_is_not_asked(tmp_path: Path) -> None:
    """No call of any kind; the rows are the file, mapped, and cannot be written."""
    path, model = tmp_path / "a.table", CountedSessions()
    expected = mg.build_chain(model, store=path).fingerprint
    model.asked, model.fed = 0, []
    chain = mg.build_chain(model, store=path)
    assert (model.asked, len(model.fed), chain.origin.model_calls, chain.origin.check_positions) == (0, 0, 0, 0)
    assert isinstance(chain.probabilities, np.memmap)
    assert chain.probabilities.filename == path
    assert not chain.probabilities.flags.writeable
    assert chain.fingerprint == expected
    assert chain.origin.note == f"The table was read from {path}, where it was complete."


def test_finished_file_needs_no_right_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is opened for reading only."""
    path, model = tmp_path / "a.table", CountedSessions()
    expected = mg.build_chain(model, store=path).fingerprint
    monkeypatch.setattr(writing.os, "open", lambda *_: pytest.fail("opened for writing"))
    assert mg.build_chain(model, store=path).fingerprint == expected


@pytest.mark.skipif(not can_compile(), reason="without numba nothing is compiled")
def test_rounding_is_known_from_the_file(tmp_path: Path) -> None:
    """What float32 cost was found once, when the table was complete; another strategy has nothing to tell."""
    expected = mg.build_chain(NETWORK, strategy="fused").origin.rounding
    assert expected
    path = tmp_path / "a.table"
    found = [mg.build_chain(NETWORK, strategy="fused", store=path).origin.rounding for _ in range(2)]
    assert [*found, mg.load_chain(path).origin.rounding] == [expected] * 3
    assert mg.build_chain(NETWORK, strategy="batched", store=tmp_path / "b.table").origin.rounding is None


@given(scale=st.sampled_from([1.0, 30.0, 120.0, 900.0]), seed=st.integers(0, 5))
def test_float32_rows_are_rounded_and_divided_by_their_sums(
    scale: float, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """By the definition: each law rounded to float32, as float64, divided by its sum; what became 0 is counted."""
    model = TableModel(np.random.default_rng(seed).normal(scale=scale, size=(3 + 9, 3)), context_length=2)
    laws = mg.build_chain(model)
    path = tmp_path_factory.mktemp("stored") / "a.table"
    mg.build_chain(model, store=path, storage="float32")
    rounded = laws.probabilities.astype(np.float32).astype(np.float64)  # (n, V)
    sums = rounded.sum(axis=1, keepdims=True)
    for chain in (mg.build_chain(model, store=path, storage="float32"), mg.load_chain(path)):
        assert chain.probabilities.dtype == np.float64
        np.testing.assert_array_equal(chain.probabilities, rounded / sums)
        assert chain.origin.row_defect == abs(sums - 1).max()
        n_lost = int(((laws.probabilities > 0) & (rounded == 0)).sum())
        assert chain.origin.n_underflows == n_lost + laws.origin.n_underflows
    header, layout = table_part(path)
    stored = np.fromfile(path, dtype="<f4", count=27, offset=layout.table).reshape(9, 3)
    np.testing.assert_array_equal(stored, rounded)
    assert header.storage == "float32"


def test_table_of_given_rows_keeps_its_defect(tmp_path: Path) -> None:
    """A matrix whose rows miss 1 says so from the file as well."""
    model, path = mg.from_matrix([[0.5, 0.5 + 1e-7], [0.25, 0.75]]), tmp_path / "a.table"
    defects = [mg.build_chain(model, store=path).origin.row_defect, mg.load_chain(path).origin.row_defect]
    assert defects == [mg.build_chain(model).origin.row_defect] * 2
    assert defects[0] > 5e-8


def test_chain_of_a_file_can_be_saved_and_read(tmp_path: Path) -> None:
    """What is known of the file goes along."""
    chain = mg.build_chain(CountedSessions(), store=tmp_path / "a.table")
    read = mg.load_chain(mg.save_chain(chain, tmp_path / "a.npz"))
    assert read.origin == chain.origin
    assert read.fingerprint == chain.fingerprint


def test_answers_of_a_mapped_table_are_those_of_memory(tmp_path: Path) -> None:
    """Questions do not see where the rows are."""
    model = CountedSessions(context_length=12)
    memory, stored = mg.build_chain(model), mg.build_chain(model, store=tmp_path / "a.table")
    one, other = (mg.stationary_distribution(chain) for chain in (memory, stored))
    np.testing.assert_array_equal(one.probabilities, other.probabilities)
    assert (one.error_bound, one.certified) == (other.error_bound, other.certified)
    np.testing.assert_array_equal(memory.to_scipy().data, stored.to_scipy().data)


def test_blocks_are_neither_too_small_nor_too_many() -> None:
    """A page at least, or the whole table; 65,536 at most."""
    from dataclasses import replace

    from markovgpt.table_file.layout import Header

    header = Header(
        identity={},
        strategy="",
        note="",
        batch_size=1,
        n_states=8,
        vocab_size=2,
        storage="float64",
        has_cut=False,
        model_row_defect=0.0,
        sampled=(),
    )
    found = [
        (other.block_rows, other.n_blocks)
        for other in (
            header,
            replace(header, n_states=2**20),
            replace(header, n_states=2**20, storage="float32"),
            replace(header, n_states=2**30),
            replace(header, n_states=50_257, vocab_size=50_257),
        )
    ]
    assert found == [(8, 1), (256, 2**12), (512, 2**11), (2**14, 2**16), (1, 50_257)]


def test_model_without_a_fingerprint_is_known_by_what_it_says(tmp_path: Path) -> None:
    """Sixteen contexts, bit for bit: the same function is the same model, another is not."""
    path = tmp_path / "a.table"

    def model(shift: float) -> mg.LanguageModel:
        return mg.from_callable(lambda c: c[:, :1] * [[0.0, 1.0 + shift]], vocab_size=2, context_length=3, name="f")

    expected = mg.build_chain(model(0.0), store=path).fingerprint
    assert mg.build_chain(model(0.0), store=path).fingerprint == expected
    with pytest.raises(mg.ArgumentError, match=r"it differs in the logits of the model after some contexts \("):
        mg.build_chain(model(1e-9), store=path)


def test_copy_of_a_file_is_as_good(tmp_path: Path) -> None:
    """Nothing in it tells where it stands."""
    model = CountedSessions()
    expected = mg.build_chain(model, store=tmp_path / "a.table").fingerprint
    shutil.move(tmp_path / "a.table", tmp_path / "b.table")
    model.asked = 0
    assert mg.build_chain(model, store=tmp_path / "b.table").fingerprint == expected
    assert model.asked == 0


def test_table_is_in_memory_once_or_not_at_all(tmp_path: Path) -> None:
    """The most that Python and NumPy hold: a table of 2^18 rows of 16 bytes; with a file, a part of it."""
    zeros = np.zeros((2048, 2))
    model = FakeModel(lambda contexts: zeros[: len(contexts)], vocab_size=2, context_length=18)
    size, chains, peaks = 2**22, [], []
    for options in ({}, {"store": tmp_path / "a.table"}, {"store": tmp_path / "a.table"}):
        tracemalloc.start()
        chains.append(mg.build_chain(model, strategy="batched", **options))  # type: ignore[arg-type]
        peaks.append(tracemalloc.get_traced_memory()[1])
        assert chains[-1].fingerprint == chains[0].fingerprint
        assert tracemalloc.get_traced_memory()[1] == peaks[-1]
        tracemalloc.stop()
    assert size <= peaks[0] < 1.6 * size  # batches of 2,048 contexts, of which each number takes 8 bytes
    assert max(peaks[1:]) < 0.6 * size
