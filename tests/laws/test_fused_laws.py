"""However the walk is cut into pieces and shared out, it is the same table; and what it costs is what it says."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gpts import all_logits, configs, random_gpt
from hypothesis import given
from hypothesis import strategies as st

from markovgpt import StateSpace
from markovgpt.enumeration import fused as module
from markovgpt.enumeration.fused import fused
from markovgpt.models.mingpt import MinGPTConfig

pytest.importorskip("numba", reason="without numba nothing is compiled")


def _fused_with(model: Any, lengths: Any = "full", **settings: Any) -> np.ndarray:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setattr(module, name, value)
        return all_logits(fused, model, lengths)


@given(
    config=configs(most_states=300),
    lengths=st.sampled_from(["full", "all"]),
    lanes=st.sampled_from([1, 5, 32, 64, 100]),
    pieces=st.integers(0, 5),
    threads=st.integers(1, 4),
    n_bytes=st.sampled_from([0, 2**13, 2**24]),
)
def test_fused_does_not_depend_on_how_the_work_is_cut(
    config: MinGPTConfig, lengths: Any, lanes: int, pieces: int, threads: int, n_bytes: int
) -> None:
    """Bit for bit: a context is computed by the same operations in any lane, piece and thread."""
    model = random_gpt(config)
    expected = all_logits(fused, model, lengths)
    settings = {"LANES": lanes, "_PIECES": pieces, "_MAX_BYTES": n_bytes, "usable_processors": lambda: threads}
    np.testing.assert_array_equal(_fused_with(model, lengths, **settings), expected)


@given(config=configs(most_states=500))
def test_fused_of_all_lengths_ends_with_full_length(config: MinGPTConfig) -> None:
    """The rows of length K are the same in both state spaces, bit for bit."""
    model = random_gpt(config)
    full, every = all_logits(fused, model), all_logits(fused, model, "all")
    np.testing.assert_array_equal(every[-len(full) :], full)


@given(
    V=st.integers(1, 6),
    K=st.integers(1, 20),
    lengths=st.sampled_from(["full", "all"]),
    threads=st.integers(1, 64),
)
def test_pieces_cover_every_state_once(V: int, K: int, lengths: Any, threads: int) -> None:
    """Each length's pieces follow one another from 0 to V^length; leaves of a piece have a bounded number of bytes."""
    space = StateSpace(vocab_size=V, context_length=min(K, 8 if V > 2 else K), lengths=lengths)
    K = space.context_length
    covered = dict.fromkeys(range(space.shortest, K + 1), 0)
    for piece in module._pieces(space, threads):
        assert 1 <= piece.first <= piece.shortest <= piece.longest <= K
        for length in range(piece.shortest, piece.longest + 1):
            factor = V ** (length - piece.first)
            assert piece.start * factor == covered[length]
            covered[length] = piece.stop * factor
            assert (piece.stop - piece.start) * factor * V * 8 <= max(module._MAX_BYTES, module.LANES * V * 8)
    assert covered == {length: V**length for length in covered}


@pytest.mark.parametrize("n_threads", [1, 2, 64])
@pytest.mark.parametrize(("V", "K"), [(2, 14), (2, 20), (3, 11), (27, 4), (65, 3)])
def test_fused_computes_hardly_more_than_every_prefix_once(V: int, K: int, n_threads: int) -> None:
    """V + V^2 + ... + V^K positions are needed; 1.3 times as many at most are computed."""
    space = StateSpace(vocab_size=V, context_length=K)
    computed = sum(module._positions(piece, V) for piece in module._pieces(space, n_threads))
    needed = sum(V**length for length in range(1, K + 1))
    assert needed <= computed <= 1.3 * needed


def test_fused_says_what_it_computed() -> None:
    """2^3 contexts in one piece, walked from length 3 on: 3 positions each, and the model is never asked."""
    model = random_gpt(MinGPTConfig(vocab_size=2, context_length=3))
    blocks = list(fused(model, StateSpace(vocab_size=2, context_length=3), 1))
    assert [(block.start, len(block.logits), block.token_positions, block.calls) for block in blocks] == [(0, 8, 24, 0)]


def test_fused_leaves_no_thread_behind_when_it_is_not_read_to_the_end() -> None:
    """As after Ctrl-C: the generator is closed, and nothing goes on."""
    model = random_gpt(MinGPTConfig(vocab_size=2, context_length=14))
    before = threading.active_count()
    blocks = fused(model, StateSpace(vocab_size=2, context_length=14), 1)
    next(blocks)
    assert threading.active_count() > before
    blocks.close()
    assert threading.active_count() == before


def test_compiled_steps_are_renewed_with_what_they_call() -> None:
    """Numba keeps what it compiled until the file of the loop changes: it must change with the files that it uses."""
    from markovgpt.kernels import trie_lanes, trie_network, trie_steps

    digest = hashlib.sha256()
    for used in (trie_lanes, trie_network):
        digest.update(Path(used.__file__).read_text(encoding="utf-8").encode())
    assert digest.hexdigest()[:12] == trie_steps._WRITTEN_FOR, "write the new digest into trie_steps.py"
