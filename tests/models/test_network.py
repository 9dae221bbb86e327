"""The network: its size, its random numbers, and what it leaves alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import markovgpt as mg
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.mingpt import MinGPTConfig, new_network

_CONFIG = MinGPTConfig(vocab_size=11, context_length=7, n_layer=3, n_head=2, n_embd=32)


def _expected_parameters(config: MinGPTConfig) -> int:
    """Embeddings of tokens and positions, blocks of two norms, attention and MLP, a last norm; the head is tied."""
    C, b = config.n_embd, int(config.bias)
    attention, mlp = 3 * C * C + C * C + b * 4 * C, 8 * C * C + b * 5 * C
    return (config.vocab_size + config.context_length) * C + config.n_layer * (4 * C + attention + mlp) + 2 * C


@pytest.mark.parametrize("bias", [False, True], ids=["no biases", "biases"])
@pytest.mark.parametrize("shape", [(2, 3, 4, 4, 16), (27, 3, 2, 4, 32), (1, 1, 1, 1, 1), (5, 8, 3, 3, 12)], ids=str)
def test_network_has_the_parameters_of_its_shape(shape: tuple[int, ...], bias: bool) -> None:
    """Counted matrix by matrix."""
    names = ("vocab_size", "context_length", "n_layer", "n_head", "n_embd")
    config = MinGPTConfig(**dict(zip(names, shape, strict=True)), bias=bias)
    assert new_network(config, seed=0).n_parameters() == _expected_parameters(config)


def test_network_head_is_the_token_embedding() -> None:
    """One matrix reads tokens and writes them."""
    network = new_network(_CONFIG, seed=0)
    assert network.lm_head.weight is network.wte.weight


@pytest.mark.parametrize(
    ("ending", "deviation"),
    [
        ("wte.weight", 0.02),
        ("wpe.weight", 0.02),
        ("c_attn.weight", 0.02),
        ("c_fc.weight", 0.02),
        ("c_proj.weight", 0.02 / math.sqrt(2 * 3)),
    ],
)
def test_network_weights_start_with_the_right_spread(ending: str, deviation: float) -> None:
    """N(0, .02), and smaller by sqrt(2 layers) where a block writes to the residual stream; within 15%."""
    weights = [p.flatten() for name, p in new_network(_CONFIG, seed=3).named_parameters() if name.endswith(ending)]
    assert torch.cat(weights).std().item() == pytest.approx(deviation, rel=0.15)


def test_network_depends_on_its_seed_alone() -> None:
    """The same seed gives the same weights whatever torch's global state; another seed gives others."""
    first = new_network(_CONFIG, seed=1).state_dict()
    torch.manual_seed(99)
    again, other = new_network(_CONFIG, seed=1).state_dict(), new_network(_CONFIG, seed=2).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["wte.weight"], other["wte.weight"])


@pytest.mark.parametrize("options", [{"steps": 2}, {"steps": 0}], ids=["trained", "untrained"])
def test_loading_leaves_the_random_state_of_torch_alone(options: dict[str, int]) -> None:
    """A user's own seed stays in force."""
    before = torch.random.get_rng_state()
    mg.build_chain(mg.load_model("babygpt", **options))
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("threads", [1, 2])
def test_training_and_asking_leave_the_threads_of_torch_alone(threads: int) -> None:
    """A user's own setting stays in force."""
    usual = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        mg.build_chain(mg.load_model("babygpt", steps=2))
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(usual)


def test_failing_training_leaves_the_threads_of_torch_alone() -> None:
    """Whatever a callback raises."""

    def fail(what: str, done: int, total: int) -> None:
        raise ZeroDivisionError

    usual = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(mg.ModelLoadError, match="babygpt could not be built: ZeroDivisionError"):
            mg.load_model("babygpt", steps=2, progress=fail)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(usual)


def test_model_is_ready_to_be_asked(babygpt: GPTModel) -> None:
    """In evaluation mode, and without gradients."""
    logits = babygpt.next_logits(np.array([[0, 1, 1]]))
    assert (babygpt.network.training, logits.requires_grad) == (False, False)


def test_fingerprint_depends_on_the_weights(babygpt: GPTModel, untrained: GPTModel) -> None:
    """Equal for the same training, different for another."""
    assert mg.load_model("babygpt").fingerprint == babygpt.fingerprint != untrained.fingerprint
