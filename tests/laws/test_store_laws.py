"""A stored table is the one that would have been made in memory, however often it was interrupted, bit for bit."""

from __future__ import annotations

import shutil
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeModel, SessionModel, TableModel
from gpts import random_gpt
from hypothesis import given
from hypothesis import strategies as st
from stored import CountedSessions, damage, entered_blocks, snapshots, stopping_after, table_part
from strategies import rules, spaces

import markovgpt as mg
from markovgpt.errors import EnumerationInterruptedError
from markovgpt.kernels.compiled import can_compile
from markovgpt.models.mingpt import MinGPTConfig
from markovgpt.table_file import writing
from markovgpt.table_file.contents import Contents

NETWORK = random_gpt(MinGPTConfig(vocab_size=2, context_length=11, n_layer=2, n_head=2, n_embd=8))
_STRATEGIES = [
    "loop",
    "batched",
    "prefix",
    pytest.param("fused", marks=pytest.mark.skipif(not can_compile(), reason="without numba nothing is compiled")),
]


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


@pytest.mark.parametrize("strategy", _STRATEGIES)
@pytest.mark.parametrize("lengths", ["full", "all"])
def test_run_that_was_interrupted_gives_the_same_bits(strategy: str, lengths: Any, tmp_path: Path) -> None:
    """Ctrl-C after every few hundred contexts, again and again."""
    options: dict[str, Any] = {"strategy": strategy, "lengths": lengths, "batch_size": 100}
    expected, path = mg.build_chain(NETWORK, **options), tmp_path / "a.table"
    interrupted = 0
    for n in range(300, expected.n_states, 700):
        try:
            mg.build_chain(NETWORK, store=path, progress=stopping_after(n), **options)
        except EnumerationInterruptedError:
            interrupted += 1
    found = mg.build_chain(NETWORK, store=path, **options)
    assert interrupted
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    store = found.origin.store
    assert store is not None
    assert 0 < store.n_reused <= store.n_blocks
    assert store.n_damaged == 0


@pytest.mark.parametrize("strategy", ["batched", "prefix"])
@pytest.mark.parametrize("storage", ["float64", "float32"])
def test_whatever_a_crash_leaves_is_gone_on_with(strategy: str, storage: Any, tmp_path: Path) -> None:
    """The file as it was at every flush, entry and block of a run: each ends in the same table, nothing is damaged."""
    model, path = CountedSessions(context_length=10), tmp_path / "a.table"
    options: dict[str, Any] = {"strategy": strategy, "lengths": "all", "batch_size": 64, "storage": storage}
    with snapshots(path, tmp_path) as taken:
        expected = mg.build_chain(model, store=path, **options)
    blocks = {len(entered_blocks(copy)) for copy in taken}
    assert blocks == set(range(max(blocks) + 1))
    assert max(blocks) >= 4
    for copy in taken:
        n_there = len(entered_blocks(copy))
        found = mg.build_chain(model, store=copy, **options)
        np.testing.assert_array_equal(found.probabilities, expected.probabilities)
        store = found.origin.store
        assert store is not None
        assert (store.n_reused, store.n_damaged) == (n_there, 0)
        assert found.origin.row_defect == expected.origin.row_defect


def test_rows_are_on_the_disk_before_they_are_called_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finished, flushed, entered, flushed: in this order, block by block, and the seal after all."""
    events: list[str] = []

    def noting(owner: type, name: str) -> None:
        known = getattr(owner, name)

        def noted(self: Any, *arguments: Any, **options: Any) -> Any:
            events.append(f"{name} {arguments[0]}" if arguments else name)
            return known(self, *arguments, **options)

        monkeypatch.setattr(owner, name, noted)

    monkeypatch.setattr(writing, "_SECONDS_AT_RISK", 0.0)
    noting(writing.TableWriter, "finish_block")
    noting(Contents, "flush")
    noting(Contents, "enter")
    mg.build_chain(CountedSessions(context_length=9), strategy="batched", batch_size=256, store=tmp_path / "a.table")
    blocks = [[f"finish_block {block}", "flush", f"enter {block}", "flush"] for block in range(2)]
    assert events == [*blocks[0], *blocks[1], "enter 2", "flush"]


def test_file_that_was_only_begun_is_begun_again(tmp_path: Path) -> None:
    """Cut off at any byte of the header before its preamble is written, or after it: no file of another kind."""
    model, path = CountedSessions(), tmp_path / "a.table"
    expected = mg.build_chain(model, store=path).fingerprint
    content, (_, layout) = path.read_bytes(), table_part(path)
    begun = content[:8] + bytes(12)  # the magic, and no header yet
    for left in (b"", begun, begun + content[20:50], begun + content[20 : layout.journal], content[: layout.journal]):
        path.write_bytes(left)
        found = mg.build_chain(model, store=path)
        assert found.fingerprint == expected
        assert found.origin.store is not None
        assert found.origin.store.n_reused == 0


def test_work_of_finished_blocks_is_not_done_again(tmp_path: Path) -> None:
    """2^11 contexts are 8 blocks of 256 rows; Ctrl-C after 1,024 leaves 4, and the other 1,024 are asked."""
    path, first, second = tmp_path / "a.table", CountedSessions(), CountedSessions()
    with pytest.raises(EnumerationInterruptedError, match=r"1,024 of 2,048 contexts are kept in .*a\.table\. The same"):
        mg.build_chain(first, strategy="batched", batch_size=256, store=path, progress=stopping_after(1024))
    assert entered_blocks(path) == [0, 1, 2, 3]
    chain = mg.build_chain(second, strategy="batched", batch_size=256, store=path)
    assert (first.asked, second.asked) == (1024, 1024)
    assert (chain.origin.model_calls, chain.origin.token_positions) == (4, 1024 * 11)
    store = chain.origin.store
    assert store is not None
    assert (store.n_blocks, store.n_reused, store.n_computed, store.n_damaged) == (8, 4, 4, 0)
    assert chain.origin.note == f"4 of 8 blocks of the table were in {path} before."


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


def test_auto_goes_on_with_the_strategy_of_the_file(tmp_path: Path) -> None:
    """What it would choose now does not matter: no part of a table is computed in another way."""
    path, model = tmp_path / "a.table", CountedSessions()
    with pytest.raises(EnumerationInterruptedError):
        mg.build_chain(model, strategy="loop", store=path, progress=stopping_after(600))
    assert mg.build_chain(model).origin.strategy == "prefix"
    assert mg.build_chain(model, store=path).origin.strategy == "loop"


@pytest.mark.parametrize("stopped", [600, 10_000])
def test_usual_batch_size_is_that_of_the_file(stopped: int, tmp_path: Path) -> None:
    """A model that likes other batches now, as on another device, is asked as before; to ask for others is refused."""
    path, model = tmp_path / "a.table", CountedSessions()
    model.contexts_per_call = 100  # type: ignore[attr-defined]
    with suppress(EnumerationInterruptedError):
        mg.build_chain(model, strategy="batched", store=path, progress=stopping_after(stopped))
    model.contexts_per_call = 333  # type: ignore[attr-defined]
    model.asked = 0
    chain = mg.build_chain(model, strategy="batched", store=path)
    # two blocks of 256 are whole after 600 contexts: the first five of 21 calls are left out
    assert chain.origin.model_calls == (16 if stopped == 600 else 0)
    with pytest.raises(mg.ArgumentError, match=r"the batch size \(100 there, 333 here\)"):
        mg.build_chain(model, strategy="batched", store=path, batch_size=333)


@pytest.mark.skipif(not can_compile(), reason="without numba nothing is compiled")
def test_rounding_is_known_from_the_file(tmp_path: Path) -> None:
    """What float32 cost was found once, when the table was complete; another strategy has nothing to tell."""
    expected = mg.build_chain(NETWORK, strategy="fused").origin.rounding
    assert expected
    path = tmp_path / "a.table"
    found = [mg.build_chain(NETWORK, strategy="fused", store=path).origin.rounding for _ in range(2)]
    assert [*found, mg.load_chain(path).origin.rounding] == [expected] * 3
    assert mg.build_chain(NETWORK, strategy="batched", store=tmp_path / "b.table").origin.rounding is None


def test_strategy_that_fails_is_forgotten_with_what_it_wrote(tmp_path: Path) -> None:
    """Under auto: a session that slips at length K makes no row of the table, and the file says why."""
    path, model = tmp_path / "a.table", CountedSessions()

    class Slip(type(model).kind):  # type: ignore[misc]
        def feed(self, tokens: np.ndarray) -> np.ndarray:
            logits = super().feed(tokens)
            many = len(tokens) > 100 and self.contexts.shape[1] == 11  # not when it is tried out
            return logits[:, ::-1] if many else logits

    model.kind = Slip
    chain = mg.build_chain(model, store=path)
    honest = mg.build_chain(CountedSessions(), strategy="batched")
    assert chain.origin.strategy == "batched"
    assert chain.origin.note.startswith("The strategy 'prefix' was not used. counted gives other laws")
    np.testing.assert_array_equal(chain.probabilities, honest.probabilities)
    again = mg.build_chain(CountedSessions(), store=path)
    assert again.origin.note.startswith("The strategy 'prefix' was not used. counted gives other laws")


@pytest.mark.parametrize("stopped", [300, 1100, 2048])
def test_sample_is_compared_in_a_run_that_goes_on(stopped: int, tmp_path: Path) -> None:
    """States of blocks that another run computed are compared, too: a slip in the first context is found in the end."""
    path, model = tmp_path / "a.table", CountedSessions()

    class Slip(type(model).kind):  # type: ignore[misc]
        def feed(self, tokens: np.ndarray) -> np.ndarray:
            logits = super().feed(tokens)
            if len(tokens) > 100:  # not when it is tried out
                logits[(self.contexts == 0).all(axis=1)] += [0.0, 1.0]
            return logits

    model.kind = Slip
    with pytest.raises(EnumerationInterruptedError):
        mg.build_chain(model, strategy="prefix", batch_size=128, store=path, progress=stopping_after(stopped))
    assert 0 in entered_blocks(path)
    right = CountedSessions()
    with pytest.raises(mg.ModelError, match=r"other laws by the strategy 'prefix'.*1 of \d+ contexts"):
        mg.build_chain(right, strategy="prefix", batch_size=128, store=path)
    with pytest.raises(mg.ArgumentError, match="2,048 of 2,048 contexts are done, but not compared with the model"):
        mg.load_chain(path)


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


def test_progress_tells_what_was_there_before(tmp_path: Path) -> None:
    """Blocks are checked first; then contexts count from those that are done."""
    path, reports = tmp_path / "a.table", []
    with pytest.raises(EnumerationInterruptedError):
        mg.build_chain(CountedSessions(), strategy="batched", batch_size=256, store=path, progress=stopping_after(512))
    options: dict[str, Any] = {"strategy": "batched", "batch_size": 256, "store": path}
    mg.build_chain(CountedSessions(), progress=lambda *report: reports.append(report), **options)
    assert reports[:8] == [("checking the stored table", block, 8) for block in range(1, 9)]
    assert reports[8] == ("enumerating contexts", 768, 2048)
    assert reports[-1] == ("enumerating contexts", 2048, 2048)


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


def test_damage_is_mended_by_the_same_bits(tmp_path: Path) -> None:
    """One bit in each of the parts of a finished file that hold rows; nothing else is computed again."""
    model, path = mg.restrict_tokens(CountedSessions(vocab_size=3, context_length=7), [0, 2]), tmp_path / "a.table"
    expected = mg.build_chain(model, strategy="prefix", batch_size=16, store=path)
    (header, layout), whole = table_part(path), path.read_bytes()
    places = (layout.table, layout.cut + 8 * 100, layout.sampled_logits + 8, layout.sampled_outside)
    for place in places:
        damage(path, place)
        found = mg.build_chain(model, strategy="prefix", batch_size=16, store=path)
        np.testing.assert_array_equal(found.probabilities, expected.probabilities)
        np.testing.assert_array_equal(found.cut, expected.cut)
        assert found.origin.store is not None
        assert found.origin.store.n_damaged == 1
        assert "1 block was damaged, and computed again." in found.origin.note
        assert path.read_bytes() == whole
    assert header.has_cut


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
