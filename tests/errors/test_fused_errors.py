"""What does the compiled walk say where it cannot be used, or where logits are not finite?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from fakes import TableModel
from gpts import all_logits, random_gpt

from markovgpt import ArgumentError, ModelError, StateSpace
from markovgpt.enumeration import fused as module
from markovgpt.enumeration.batched import batched
from markovgpt.enumeration.fused import can_fuse, fused
from markovgpt.gpt_weights import GPTWeights
from markovgpt.models.mingpt import MinGPTConfig

_CONFIG = MinGPTConfig(vocab_size=3, context_length=2, n_layer=1, n_head=2, n_embd=8, tied=False)


@dataclass
class Changed:
    """A GPT with other weights, or another size, than its answers."""

    model: Any
    weights: GPTWeights
    vocab_size: int = 3
    context_length: int = 2
    name: str = "gpt"

    def gpt_weights(self) -> GPTWeights:
        return self.weights

    def next_logits(self, contexts: np.ndarray) -> Any:
        return self.model.next_logits(contexts)


def _changed(**changes: Any) -> Changed:
    model = random_gpt(_CONFIG)
    return Changed(model, replace(model.gpt_weights(), **changes))


def test_can_fuse_names_what_is_missing() -> None:
    """A table has no weights."""
    model = TableModel(np.zeros((2, 2)), context_length=1)
    assert can_fuse(model) == "TableModel does not show the weights of a GPT by gpt_weights()"
    with pytest.raises(ArgumentError, match=r"The strategy 'fused' cannot be used: TableModel does not show"):
        next(fused(model, StateSpace(vocab_size=2, context_length=1), 1))


def test_can_fuse_needs_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without numba it says so, before it asks for weights."""
    monkeypatch.setattr(module, "can_compile", lambda: False)
    assert can_fuse(random_gpt(_CONFIG)) == "numba, which compiles it, is not installed"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"wte": np.ones((4, 8), dtype=np.float32)}, "are for 4 tokens, the model has 3", id="tokens"),
        pytest.param(
            {"wpe": np.ones((1, 8), dtype=np.float32)}, "are for 1 positions, the model has 2", id="positions"
        ),
        pytest.param({"lm_head": np.ones((3, 8))}, "are float64, not float32", id="float64"),
        pytest.param({"wte": np.full((3, 8), np.nan, dtype=np.float32)}, "not all weights of gpt are finite", id="nan"),
    ],
)
def test_can_fuse_names_weights_that_do_not_fit(changes: dict[str, Any], reason: str) -> None:
    """Of another size, another type, or not finite."""
    pytest.importorskip("numba", reason="without numba nothing is compiled")
    assert reason in can_fuse(_changed(**changes))


def test_can_fuse_is_empty_for_a_gpt() -> None:
    """The same weights unchanged."""
    pytest.importorskip("numba", reason="without numba nothing is compiled")
    assert can_fuse(_changed()) == ""


def test_overflow_is_the_models_own_error() -> None:
    """Weights of 1e38 overflow in float32 in both; the model is asked, and its error names the context."""
    pytest.importorskip("numba", reason="without numba nothing is compiled")
    model = random_gpt(_CONFIG)
    model.network.h[0].mlp.c_proj.weight.data.fill_(3e38)
    with pytest.raises(ModelError, match=r"Logits of random must be finite.* at context \(0, 0\)"):
        all_logits(fused, model)


def test_overflow_that_the_model_does_not_share_is_answered_by_the_model() -> None:
    """Where the model's own answer is finite, it counts, in every row."""
    pytest.importorskip("numba", reason="without numba nothing is compiled")
    sound = random_gpt(_CONFIG)
    broken = random_gpt(_CONFIG)
    broken.network.h[0].mlp.c_proj.weight.data.fill_(3e38)
    model = Changed(sound, broken.gpt_weights())
    expected = all_logits(batched, sound, "all")
    np.testing.assert_allclose(all_logits(fused, model, "all"), expected, rtol=0, atol=1e-5)
