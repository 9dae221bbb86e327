"""Is the law of a converted checkpoint the law that its weights mean? Against a forward pass written in numpy."""

from __future__ import annotations

import json
from itertools import product

import markovgpt as mg
import numpy as np
import pytest
import torch
from markovgpt.testing import check_model
from nanogpt_oracle import (
    BLOCK,
    HEADS,
    LAYERS,
    MODEL_ARGS,
    C,
    V,
    in_names_of_2020,
    next_law,
    random_weights,
    with_masks,
)
from safetensors.torch import save_file


def nanogpt_without_bias(folder):
    """As train.py of nanoGPT writes it today, compiled: no biases, not even in LayerNorm, tied, exact GELU."""
    weights = random_weights(bias=False, norm_bias=False, tied=True)
    torch.save(
        {
            "model": {f"_orig_mod.{name}": tensor for name, tensor in weights.items()},
            "optimizer": {"state": {}, "param_groups": [{"lr": 6e-4}]},
            "model_args": MODEL_ARGS | {"bias": False},
            "iter_num": 100,
            "best_val_loss": torch.tensor(1.5),
            "config": {"out_dir": "out"},
        },
        folder / "ckpt.pt",
    )
    return weights, "exact", {"path": folder / "ckpt.pt"}


def nanogpt_with_bias(folder):
    """bias=True, and without flash attention: masks among the weights."""
    weights = random_weights(bias=True, norm_bias=True, tied=True)
    torch.save({"model": with_masks(weights), "model_args": MODEL_ARGS | {"bias": True}}, folder / "ckpt.pt")
    return weights, "exact", {"path": folder / "ckpt.pt"}


def mingpt_of_2022(folder):
    """A plain state dict with config.json beside it; the head is trained apart from the embedding; GELU by tanh."""
    weights = random_weights(bias=True, norm_bias=True, tied=False)
    torch.save(with_masks(weights), folder / "model.pt")
    model = {"model_type": "gpt-nano", "n_layer": None, "n_head": None, "n_embd": None, "attn_pdrop": 0.1}  # 3 heads
    (folder / "config.json").write_text(json.dumps({"system": {"seed": 3407}, "model": model, "trainer": {}}))
    return weights, "tanh", {"path": folder / "model.pt"}


def mingpt_of_2020(folder):
    """Other names for everything, query, key and value apart, exact GELU, no settings at all."""
    weights = random_weights(bias=True, norm_bias=True, tied=False)
    torch.save(in_names_of_2020(weights), folder / "model.pt")
    return weights, "exact", {"path": folder / "model.pt", "n_head": HEADS}


def safetensors_tied(folder):
    """safetensors keeps the tied matrix once; settings from a JSON file that the user names."""
    weights = random_weights(bias=False, norm_bias=True, tied=True)
    save_file({name: w for name, w in weights.items() if name != "lm_head.weight"}, folder / "gpt.safetensors")
    (folder / "shape.json").write_text(json.dumps({"n_head": HEADS, "gelu": "tanh"}))
    return weights, "tanh", {"path": folder / "gpt.safetensors", "config": folder / "shape.json"}


@pytest.mark.parametrize("strategy", ["auto", "fused", "prefix", "batched"])
@pytest.mark.parametrize(
    "write", [nanogpt_without_bias, nanogpt_with_bias, mingpt_of_2022, mingpt_of_2020, safetensors_tied]
)
def test_law_equals_a_forward_pass_in_numpy(write, strategy, tmp_path):
    """All contexts of 1 to 3 tokens: float32 against float64."""
    weights, gelu, options = write(tmp_path)
    model = mg.load_model("nanogpt", **options, context_length=3)
    chain = mg.build_chain(model, lengths="all", strategy=strategy)
    contexts = [context for length in (1, 2, 3) for context in product(range(V), repeat=length)]
    expected = [next_law(weights, list(context), gelu=gelu) for context in contexts]
    np.testing.assert_allclose(chain.probabilities, expected, rtol=2e-4, atol=1e-7)


@pytest.mark.parametrize("write", [nanogpt_without_bias, mingpt_of_2022])
def test_converted_model_keeps_the_rules(write, tmp_path):
    _, _, options = write(tmp_path)
    report = check_model(mg.load_model("nanogpt", **options))
    assert report.ok, str(report)


def test_oracle_tells_the_two_gelus_apart():
    """Otherwise the test above would not see the wrong one."""
    weights = random_weights(bias=True, norm_bias=True, tied=False)
    exact, approximate = (next_law(weights, [0, 1, 2], gelu=gelu) for gelu in ("exact", "tanh"))
    assert np.abs(exact / approximate - 1).max() > 4e-4


def test_context_length_is_the_block_size_by_default(tmp_path):
    _, _, options = nanogpt_without_bias(tmp_path)
    model = mg.load_model("nanogpt", **options)
    assert (model.vocab_size, model.context_length) == (V, BLOCK)


def test_cropping_changes_no_law_of_the_contexts_that_remain(tmp_path):
    """Positions count from the start of the window, so a shorter table is the beginning of a longer one."""
    _, _, options = nanogpt_with_bias(tmp_path)
    contexts = np.array(list(product(range(V), repeat=2)))
    whole, cropped = (mg.load_model("nanogpt", **options, context_length=K) for K in (BLOCK, 2))
    np.testing.assert_array_equal(whole.next_logits(contexts), cropped.next_logits(contexts))
    assert whole.fingerprint != cropped.fingerprint


def test_tied_matrix_is_one_and_an_untied_one_stays_two(tmp_path):
    _, _, tied = nanogpt_without_bias(tmp_path)
    network = mg.load_model("nanogpt", **tied).network
    assert network.wte.weight is network.lm_head.weight
    _, _, untied = mingpt_of_2020(tmp_path)
    network = mg.load_model("nanogpt", **untied).network
    assert network.wte.weight is not network.lm_head.weight
    assert network.n_parameters() == 2 * V * C + BLOCK * C + LAYERS * (12 * C * C + 13 * C) + 2 * C


def test_half_precision_weights_are_read_as_float32(tmp_path):
    weights = {name: w.bfloat16() for name, w in random_weights(bias=False, norm_bias=False, tied=True).items()}
    torch.save({"model": weights, "model_args": MODEL_ARGS}, tmp_path / "ckpt.pt")
    model = mg.load_model("nanogpt", path=tmp_path / "ckpt.pt", context_length=1)
    expected = [next_law(weights, [token], gelu="exact") for token in range(V)]
    np.testing.assert_allclose(mg.build_chain(model).probabilities, expected, rtol=2e-4)


def test_saved_model_is_read_again_with_the_same_law(tmp_path):
    """markovgpt's own folder format keeps a converted checkpoint."""
    _, _, options = nanogpt_without_bias(tmp_path)
    model = mg.load_model("nanogpt", **options, context_length=2)
    again = mg.load_model(str(mg.save_model(model, tmp_path / "saved")))
    assert again.fingerprint == model.fingerprint


def test_loading_draws_no_random_numbers(tmp_path):
    _, _, options = nanogpt_without_bias(tmp_path)
    before = torch.get_rng_state()
    mg.load_model("nanogpt", **options)
    assert torch.equal(torch.get_rng_state(), before)
