"""A chain that was written is read again, to the last digit."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import chains, rules, vocabularies

import markovgpt as mg
from markovgpt import MarkovChain, SparseChain
from markovgpt.chain_files import chain_arrays
from markovgpt.origin import Origin


def _again(chain: MarkovChain | SparseChain) -> MarkovChain | SparseChain:
    with tempfile.TemporaryDirectory() as folder:
        return mg.load_chain(mg.save_chain(chain, Path(folder) / "chain.npz"))


def _assert_same(read: MarkovChain | SparseChain, chain: MarkovChain | SparseChain) -> None:
    assert type(read) is type(chain)
    assert read.fingerprint == chain.fingerprint
    assert read.origin == chain.origin
    assert (read.vocabulary.tokens, read.vocabulary.kind) == (chain.vocabulary.tokens, chain.vocabulary.kind)
    assert (read.cut is None) == (chain.cut is None)
    if read.cut is not None and chain.cut is not None:
        np.testing.assert_array_equal(read.cut, chain.cut)


@given(chain=chains())
def test_chain_is_read_as_it_was_written(chain: MarkovChain) -> None:
    """Full and all lengths, by fingerprint and origin."""
    read = _again(chain)
    _assert_same(read, chain)
    assert isinstance(read, MarkovChain)
    assert read.states == chain.states


@given(vocabulary=vocabularies(), kind=st.sampled_from(["char", "word", "byte"]))
def test_every_vocabulary_is_read_as_it_was_written(vocabulary: mg.Vocabulary, kind: str) -> None:
    """Texts that end in a null character, lone surrogates, the empty text: what NumPy's own texts would lose."""
    V = len(vocabulary)
    tokens = mg.Vocabulary(tokens=vocabulary.tokens, kind=kind)  # type: ignore[arg-type]
    space = mg.StateSpace(vocab_size=V, context_length=1)
    chain = MarkovChain(states=space, probabilities=np.full((V, V), 1 / V), vocabulary=tokens, cut=np.zeros(V))
    _assert_same(_again(chain), chain)


@given(rule=rules(), underflows=st.sampled_from([None, 0, 7]), defect=st.floats(0, 1e-6))
def test_origin_is_read_as_it_was_written(rule: mg.Decoding, underflows: int | None, defect: float) -> None:
    """Every rule, and numbers of NumPy."""
    origin = Origin(
        model="m",
        decoding=rule,
        model_fingerprint="f",
        strategy="s",
        model_calls=int(np.int64(3)),
        n_underflows=underflows,
    )
    chain = mg.chain_from_table([[0.5, 0.5], [1.0, 0.0]])
    chain = MarkovChain(
        states=chain.states, probabilities=chain.probabilities, vocabulary=chain.vocabulary, origin=origin
    )
    _assert_same(_again(chain), chain)


def test_numbers_of_numpy_in_an_origin_are_written() -> None:
    """They are no JSON by themselves."""
    origin = Origin(decoding=mg.Decoding(top_k=np.int64(2)), row_defect=np.float64(0.5))  # type: ignore[arg-type]
    chain = mg.chain_from_table([[0.5, 0.5], [1.0, 0.0]])
    chain = MarkovChain(
        states=chain.states, probabilities=chain.probabilities, vocabulary=chain.vocabulary, origin=origin
    )
    _assert_same(_again(chain), chain)


def test_walk_is_read_as_it_was_written(babygpt: mg.LanguageModel) -> None:
    """With an end, and with a way out of the vocabulary; rows and states by label."""
    for walk in (
        mg.reachable_chain(babygpt, "0", end=1),
        mg.reachable_chain(babygpt, "0", min_probability=0.3, outside="absorb"),
        mg.reachable_chain(babygpt, "111"),
    ):
        read = _again(walk)
        _assert_same(read, walk)
        assert isinstance(read, SparseChain)
        assert read.special == walk.special
        for state in range(walk.n_states):
            assert read.label(state) == walk.label(state)
            np.testing.assert_array_equal(read.row(state), walk.row(state))


def test_archive_of_an_analysis_is_read_as_its_chain(babygpt: mg.LanguageModel, tmp_path: Path) -> None:
    """What ``markovgpt analyze -o FILE.npz`` writes, with laws and counts beside the chain."""
    from markovgpt.report.machine import npz_report

    analysis = mg.analyze(babygpt)
    (tmp_path / "a.npz").write_bytes(npz_report(analysis))
    read = mg.load_chain(tmp_path / "a.npz")
    _assert_same(read, analysis.chain)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert {"stationary", "labels", "counts"} < set(archive)


def test_arrays_of_a_chain_need_no_pickles() -> None:
    """Numbers and texts only."""
    buffer = io.BytesIO()
    arrays = chain_arrays(mg.chain_from_table([[0.5, 0.5], [1.0, 0.0]]))
    assert all(array.dtype != object for array in arrays.values())
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
