"""However often an enumeration into a file is interrupted, it ends in the same bits, and nothing is done twice."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gpts import random_gpt
from stored import CountedSessions, damage, entered_blocks, snapshots, stopping_after, table_part

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
