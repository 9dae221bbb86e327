"""Is the receptive field what changing one token shows, and is K refused where the network has no positions for it?"""

from __future__ import annotations

import numpy as np
import pytest
import tiny
import torch
from markovgpt import ArgumentError
from transformers import AutoConfig

import markovgpt_transformers as mt

SLIDING = ["mistral", "starcoder2", "cohere2"]  # every layer has the window


def last_logits(network, context):
    with torch.no_grad():
        return network(torch.tensor(context)[None]).logits[0, -1]


@pytest.mark.parametrize("architecture", SLIDING)
@pytest.mark.parametrize(("layers", "window"), [(1, 4), (2, 4), (3, 3), (2, 1)])
def test_receptive_field_is_where_a_changed_token_stops_mattering(architecture, layers, window):
    """R = L (W - 1) + 1: the R-th token from the end matters, the one before it changes not one bit."""
    network = tiny.network(architecture, num_hidden_layers=layers, sliding_window=window)
    R = mt.receptive_field(network)
    assert layers * (window - 1) + 1 == R
    context = np.random.default_rng(0).integers(0, tiny.V, size=R + 3)
    changed = []
    for back in (R, R + 1):
        other = context.copy()
        other[-back] = (other[-back] + 1) % tiny.V
        changed.append(float((last_logits(network, other) - last_logits(network, context)).abs().max()))
    assert changed[0] > 1e-4
    assert changed[1] == 0


@pytest.mark.parametrize("architecture", SLIDING)
def test_chain_is_the_law_of_the_whole_text_when_k_reaches_the_receptive_field(architecture):
    """K = R = 7: the last 7 of 20 tokens alone, at other positions, have the same law; the last 6 do not."""
    network = tiny.network(architecture, sliding_window=tiny.WINDOW)
    text = np.random.default_rng(1).integers(0, tiny.V, size=20)
    expected = last_logits(network, text).softmax(-1)
    enough = mt.from_transformers(network, context_length=7)
    assert enough.receptive_field == 7
    torch.testing.assert_close(enough.next_logits([text[-7:]])[0].softmax(-1), expected, atol=1e-5, rtol=0)
    short = mt.from_transformers(network, context_length=6).next_logits([text[-6:]])[0].softmax(-1)
    assert (short - expected).abs().max() > 1e-3


@pytest.mark.parametrize("architecture", sorted(set(tiny.CONFIGS) - {"mistral"}))
def test_receptive_field_is_none_when_a_layer_sees_all_or_keeps_a_state(architecture):
    """Gemma 2 has windows in every other layer only."""
    assert mt.receptive_field(AutoConfig.for_model(architecture, **tiny.CONFIGS[architecture])) is None


def test_receptive_field_is_none_when_blocks_stand_at_fixed_places():
    """Llama 4 cuts the text into blocks of 4: how far back a token looks depends on where it stands."""
    config = AutoConfig.for_model(
        "llama4_text", num_hidden_layers=2, attention_chunk_size=4, layer_types=["chunked_attention"] * 2
    )
    assert mt.receptive_field(config) is None


@pytest.mark.parametrize("architecture", sorted(set(tiny.CONFIGS) - set(tiny.UNLIMITED)))
def test_context_length_is_all_positions_by_default_and_more_is_refused(saved, architecture):
    P = tiny.POSITIONS
    assert mt.load(saved(architecture)).context_length == P
    with pytest.raises(
        ArgumentError, match=rf"at least 1 and at most {P}: {architecture} has {P} positions. Got {P + 1}\."
    ):
        mt.load(saved(architecture), context_length=P + 1)


@pytest.mark.parametrize("architecture", tiny.UNLIMITED)
def test_context_length_must_be_chosen_when_nothing_limits_it(saved, architecture):
    """Recurrence, and ALiBi, have no positions."""
    assert mt.load(saved(architecture), context_length=1000).context_length == 1000
    with pytest.raises(ArgumentError, match=f"{architecture} has no largest number of positions: choose how far back"):
        mt.load(saved(architecture))


def test_prompt_takes_positions_away(tmp_path):
    tokenizer = tiny.byte_level_bpe()
    folder = tiny.save(tmp_path, "gpt2", tokenizer=tokenizer, vocab_size=len(tokenizer))
    n = len(tokenizer.encode("the cat sat"))
    assert mt.load(folder, prompt="the cat sat").context_length == tiny.POSITIONS - n
    with pytest.raises(
        ArgumentError, match=rf"at most {tiny.POSITIONS - n}: gpt2 has 32 positions, of which .* take {n}"
    ):
        mt.load(folder, prompt="the cat sat", context_length=tiny.POSITIONS)


@pytest.mark.parametrize("context_length", [0, -1])
def test_context_length_below_one_is_refused(saved, context_length):
    with pytest.raises(ArgumentError, match=f"context_length must be at least 1 .* Got {context_length}"):
        mt.load(saved("gpt2"), context_length=context_length)


def test_size_check_is_asked_before_weights_are_read(saved, monkeypatch):
    """markovgpt passes it, so that a chain that is too large is refused at once."""
    from markovgpt_transformers import reading

    class TooLargeError(Exception):
        pass

    def check(vocab_size, context_length):
        assert (vocab_size, context_length) == (tiny.V, 5)
        raise TooLargeError

    monkeypatch.setattr(reading, "read_network", lambda *_, **__: pytest.fail("weights were read"))
    with pytest.raises(TooLargeError):
        mt.load(saved("gpt2"), context_length=5, check=check)


@pytest.mark.parametrize(
    ("contexts", "message"),
    [
        ([[1, 2, 3, 4, 5, 6, 7]], "Contexts of gpt2 have 1 to 6 tokens: got 7"),
        ([[]], r"Contexts are \(batch, length\), neither of them 0: got shape \(1, 0\)"),
        ([1, 2], r"got shape \(2,\)"),
        ([[tiny.V]], "Tokens of gpt2 are 0..10: got 11 to 11"),
        ([[-1]], "Tokens of gpt2 are 0..10: got -1 to -1"),
    ],
    ids=["too-long", "empty", "flat", "too-high", "negative"],
)
def test_contexts_that_are_none_are_refused(loaded, contexts, message):
    with pytest.raises(ArgumentError, match=message):
        loaded("gpt2").next_logits(np.array(contexts, dtype=np.int64))
