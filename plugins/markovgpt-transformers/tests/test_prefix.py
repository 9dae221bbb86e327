"""Does markovgpt's strategy `prefix` make the same chain from the sessions of transformers?"""

from __future__ import annotations

import markovgpt as mg
import numpy as np
import pytest
import tiny

import markovgpt_transformers as mt

WITH_SESSION = sorted(set(tiny.CONFIGS) - set(tiny.NO_SESSION))


@pytest.mark.parametrize("lengths", ["full", "all"])
@pytest.mark.parametrize("architecture", WITH_SESSION)
def test_prefix_equals_batched(loaded, architecture, lengths):
    """Three of eleven tokens, K = 6, in float32: laws and what is left out, to what rounding leaves of the logits."""
    model = mg.restrict_tokens(loaded(architecture), [0, 1, 2])
    batched, prefix = (
        mg.build_chain(model, lengths=lengths, strategy=name, batch_size=300) for name in ("batched", "prefix")
    )
    np.testing.assert_allclose(prefix.probabilities, batched.probabilities, rtol=0, atol=1e-5)
    np.testing.assert_allclose(prefix.cut, batched.cut, rtol=0, atol=1e-5)
    assert prefix.origin.token_positions == sum(3**length for length in range(1, 7))


@pytest.mark.parametrize("architecture", tiny.NO_SESSION)
def test_prefix_of_all_lengths_needs_no_session(loaded, architecture):
    """One pass gives the logits at every position: 3^6 contexts of 6 tokens are enough."""
    model = mg.restrict_tokens(loaded(architecture), [0, 1, 2])
    batched, prefix = (mg.build_chain(model, lengths="all", strategy=name) for name in ("batched", "prefix"))
    np.testing.assert_allclose(prefix.probabilities, batched.probabilities, rtol=0, atol=1e-5)
    assert prefix.origin.token_positions == 6 * 3**6


def test_prefix_equals_batched_behind_a_prompt(tmp_path):
    """The prompt is computed once for all rows."""
    tokenizer = tiny.byte_level_bpe()
    folder = tiny.save(tmp_path, "llama", tokenizer=tokenizer, vocab_size=len(tokenizer))
    model = mg.restrict_tokens(mt.load(folder, context_length=4, prompt="the cat"), [3, 4, 5])
    batched, prefix = (mg.build_chain(model, strategy=name) for name in ("batched", "prefix"))
    np.testing.assert_allclose(prefix.probabilities, batched.probabilities, rtol=0, atol=1e-5)


def test_float64_networks_agree_to_rounding():
    """A network in float64: nothing is left but its own rounding."""
    model = mg.restrict_tokens(mt.from_transformers(tiny.network("gpt2").double(), context_length=5), [0, 1, 2])
    batched, prefix = (mg.build_chain(model, strategy=name) for name in ("batched", "prefix"))
    np.testing.assert_allclose(prefix.probabilities, batched.probabilities, rtol=0, atol=1e-12)


@pytest.mark.parametrize("architecture", ["gpt2", "gemma2", "mistral", "mamba"])
def test_session_tells_its_memory(loaded, architecture):
    """More rows take more."""
    session = loaded(architecture).session(2)
    session.feed([1, 2])
    assert 0 < session.n_bytes < session.fork([0, 1, 0, 1]).n_bytes
