"""What is refused, and does the message say why and what to do?"""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import markovgpt as mg
import pytest
import torch
from nanogpt_oracle import MODEL_ARGS, C, V, in_names_of_2020, random_weights
from safetensors.torch import save_file


@pytest.fixture
def weights():
    return random_weights(bias=True, norm_bias=True, tied=True)


def save(content, folder):
    torch.save(content, folder / "ckpt.pt")
    return folder / "ckpt.pt"


class _Trap:
    """Unpickling it creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_pickle_that_would_run_code_is_refused_and_runs_none(weights, tmp_path):
    """Exit code 3; the file that the pickle would have created is not there."""
    trap = tmp_path / "ran"
    path = save({"model": weights, "model_args": MODEL_ARGS, "extra": _Trap(trap)}, tmp_path)
    with pytest.raises(
        mg.ModelLoadError, match=r"holds more than weights, and reading it could run code: refused"
    ) as e:
        mg.load_model("nanogpt", path=path)
    assert e.value.exit_code == 3
    assert not trap.exists()


def test_whole_module_is_refused(tmp_path):
    """torch.save(model) pickles classes; only state dicts are read."""
    with pytest.raises(mg.ModelLoadError, match="save the weights alone"):
        mg.load_model("nanogpt", path=save(torch.nn.Linear(2, 2), tmp_path))


@pytest.mark.parametrize("length", [0, 10, 2000])
def test_truncated_checkpoint_is_refused(weights, tmp_path, length):
    path = save({"model": weights, "model_args": MODEL_ARGS}, tmp_path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(mg.ModelLoadError, match=r"ckpt\.pt (cannot be read as a torch checkpoint|is a pickle that)"):
        mg.load_model("nanogpt", path=path)


def test_damaged_safetensors_are_refused(tmp_path):
    (tmp_path / "gpt.safetensors").write_bytes(b"no weights")
    with pytest.raises(mg.ModelLoadError, match="cannot be read as safetensors"):
        mg.load_model("nanogpt", path=tmp_path / "gpt.safetensors")


def test_missing_file_and_folder_are_refused(tmp_path):
    with pytest.raises(mg.ModelLoadError, match=r"There is no checkpoint file .*none\.pt"):
        mg.load_model("nanogpt", path=tmp_path / "none.pt")
    with pytest.raises(mg.ModelLoadError, match=r"It is a folder; give the file in it, for example .*ckpt\.pt"):
        mg.load_model("nanogpt", path=tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (torch.zeros(3), "must hold a dict of weights.*got Tensor"),
        ({"epoch": 3, "loss": 0.1}, "holds no weights: expected a dict of tensors.*'epoch', 'loss'"),
        ({"model": {}}, "holds no weights"),
        ({"model": {"rnn.weight_ih_l0": torch.zeros(2, 2)}}, r"it has no wte\.weight.*begin with rnn\.weight_ih_l0"),
    ],
)
def test_file_without_a_gpt_is_refused(content, message, tmp_path):
    with pytest.raises(mg.ModelLoadError, match=message):
        mg.load_model("nanogpt", path=save(content, tmp_path))


def test_missing_and_unknown_weights_are_named(weights, tmp_path):
    del weights["transformer.h.1.mlp.c_fc.weight"]
    weights["transformer.h.0.extra.weight"] = torch.zeros(2)
    path = save({"model": weights, "model_args": MODEL_ARGS}, tmp_path)
    with pytest.raises(
        mg.ModelLoadError, match=r"extra\.weight is \(2,\), expected no such.*h\.1\.mlp\.c_fc\.weight is m"
    ):
        mg.load_model("nanogpt", path=path)


def test_query_without_key_is_refused(weights, tmp_path):
    """minGPT of 2020 keeps query, key and value apart: all three are needed."""
    old = in_names_of_2020(weights)
    del old["blocks.0.attn.key.weight"]
    with pytest.raises(mg.ModelLoadError, match=r"h\.0\.attn\.c_attn\.weight is missing"):
        mg.load_model("nanogpt", path=save(old, tmp_path), n_head=3)


def test_two_spellings_of_one_weight_are_refused(weights, tmp_path):
    weights["tok_emb.weight"] = weights["transformer.wte.weight"]
    with pytest.raises(mg.ModelLoadError, match=r"has two weights for wte\.weight, one is tok_emb\.weight"):
        mg.load_model("nanogpt", path=save(weights, tmp_path), n_head=3)


def test_hugging_face_layout_is_named(weights, tmp_path):
    """Its Conv1D keeps every matrix transposed."""
    turned = {name: w.T.contiguous() if w.ndim == 2 and ".h." in name else w for name, w in weights.items()}
    with pytest.raises(mg.ModelLoadError, match="this is GPT-2 as Hugging Face keeps it, not nanoGPT"):
        mg.load_model("nanogpt", path=save({"model": turned, "model_args": MODEL_ARGS}, tmp_path))


def test_integer_weights_are_refused(weights, tmp_path):
    """A quantised matrix without its scales is no weight."""
    weights["lm_head.weight"] = weights["lm_head.weight"].to(torch.int8)
    with pytest.raises(mg.ModelLoadError, match=r"lm_head\.weight in .* must be floating-point.*got torch\.int8"):
        mg.load_model("nanogpt", path=save({"model": weights, "model_args": MODEL_ARGS}, tmp_path))


@pytest.mark.parametrize(("key", "value", "seen"), [("block_size", 8, 4), ("n_layer", 3, 2), ("bias", False, True)])
def test_settings_that_contradict_the_weights_are_refused(weights, tmp_path, key, value, seen):
    path = save({"model": weights, "model_args": MODEL_ARGS | {key: value}}, tmp_path)
    with pytest.raises(
        mg.ModelLoadError, match=f"disagree about {key}: the weights have {seen}, the settings say {value}"
    ):
        mg.load_model("nanogpt", path=path)


def test_setting_of_a_fork_is_refused_unless_it_is_off(weights, tmp_path):
    """use_relu=True leaves no trace in the weights: ignoring it would give wrong numbers."""
    path = save({"model": weights, "model_args": MODEL_ARGS | {"use_relu": True}}, tmp_path)
    with pytest.raises(mg.ModelLoadError, match="have use_relu=True, which nanoGPT and minGPT do not know"):
        mg.load_model("nanogpt", path=path)
    path = save({"model": weights, "model_args": MODEL_ARGS | {"use_relu": False}}, tmp_path)
    assert mg.load_model("nanogpt", path=path).vocab_size == V


@pytest.mark.parametrize("context_length", ["5", "0"])
def test_context_longer_than_the_position_table_is_refused(weights, tmp_path, context_length):
    path = save({"model": weights, "model_args": MODEL_ARGS}, tmp_path)
    with pytest.raises(mg.ArgumentError, match=f"block_size of the checkpoint, 4 positions: got {context_length}"):
        mg.load_model("nanogpt", path=path, context_length=context_length)


def test_heads_that_nothing_tells_are_asked_for(weights, tmp_path):
    path = save(weights, tmp_path)
    with pytest.raises(mg.ArgumentError, match=r"give n_head \(-M n_head=4\)"):
        mg.load_model("nanogpt", path=path)


def test_heads_that_contradict_the_settings_are_refused(weights, tmp_path):
    path = save({"model": weights, "model_args": MODEL_ARGS}, tmp_path)
    with pytest.raises(mg.ArgumentError, match="say n_head=3: got n_head=4"):
        mg.load_model("nanogpt", path=path, n_head="4")


def test_heads_that_do_not_divide_the_width_are_refused(weights, tmp_path):
    with pytest.raises(mg.ArgumentError, match="n_embd must be a multiple of n_head"):
        mg.load_model("nanogpt", path=save(weights, tmp_path), n_head=5, gelu="exact")


def test_gelu_that_nothing_tells_is_asked_for(weights, tmp_path):
    """A plain state dict may come from nanoGPT (exact) or minGPT (tanh)."""
    with pytest.raises(mg.ArgumentError, match="give -M gelu=exact"):
        mg.load_model("nanogpt", path=save(weights, tmp_path), n_head=3)


@pytest.mark.parametrize(("text", "message"), [("[1]", "got list"), ("{", "cannot be read as JSON")])
def test_settings_that_are_none_are_refused(weights, tmp_path, text, message):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(mg.ModelLoadError, match=message):
        mg.load_model("nanogpt", path=save(weights, tmp_path))


def test_embedding_of_one_dimension_is_refused(weights, tmp_path):
    weights["transformer.wte.weight"] = torch.zeros(V * C)
    with pytest.raises(mg.ModelLoadError, match=r"wte\.weight in .* an embedding of two dimensions: got .* \(60,\)"):
        mg.load_model("nanogpt", path=save({"model": weights, "model_args": MODEL_ARGS}, tmp_path))


def test_missing_config_that_was_named_is_refused(weights, tmp_path):
    save_file({name: w.clone() for name, w in weights.items()}, tmp_path / "gpt.safetensors")
    with pytest.raises(mg.ModelLoadError, match=r"The settings .*none\.json cannot be read"):
        mg.load_model("nanogpt", path=tmp_path / "gpt.safetensors", config=tmp_path / "none.json")


def test_pickled_vocabulary_is_refused_with_the_way_to_json(weights, tmp_path):
    path = save({"model": weights, "model_args": MODEL_ARGS}, tmp_path)
    (tmp_path / "meta.pkl").write_bytes(pickle.dumps({"stoi": {"a": 0}}))
    with pytest.raises(mg.ArgumentError, match=r"could run code: refused.*json\.dump\(pickle\.load"):
        mg.load_model("nanogpt", path=path, tokens=tmp_path / "meta.pkl")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.json", json.dumps(["\n", " ", "1", "a", "b"])),
        ("stoi.json", json.dumps({"b": 4, "a": 3, "1": 2, " ": 1, "\n": 0})),
        ("itos.json", json.dumps({"0": "\n", "1": " ", "2": "1", "3": "a", "4": "b"})),
        ("meta.json", json.dumps({"vocab_size": 5, "stoi": {"\n": 0, " ": 1, "1": 2, "a": 3, "b": 4}})),
        ("input.txt", "ab 1\nabba\n"),
    ],
    ids=["list", "stoi", "itos", "meta", "text"],
)
def test_tokens_are_read_from_json_or_text(weights, tmp_path, name, text):
    path = save({"model": weights, "model_args": MODEL_ARGS}, tmp_path)
    (tmp_path / name).write_text(text)
    assert mg.load_model("nanogpt", path=path, tokens=tmp_path / name).tokens == ("\n", " ", "1", "a", "b")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("four.txt", "abcd", "The model has 5 tokens, but .* has 4"),
        ("order.txt", "edcba", "lists characters in an order of its own"),
        ("gap.json", '{"a": 0, "b": 2, "c": 3, "d": 4, "e": 5}', "must be a list of texts, or a mapping"),
        ("twice.json", '{"a": 0, "b": 1, "c": 2, "d": 3, "e": 3}', "must be a list of texts, or a mapping"),
        ("number.json", "5", "must be a list of texts, or a mapping"),
        ("same.json", '["a", "a", "b", "c", "d"]', "'a' stands for two tokens"),
        ("broken.json", "[", "are no JSON"),
    ],
)
def test_tokens_that_do_not_fit_are_refused(weights, tmp_path, name, text, message):
    path = save({"model": weights, "model_args": MODEL_ARGS}, tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(mg.ArgumentError, match=message):
        mg.load_model("nanogpt", path=path, tokens=tmp_path / name)


def test_tokens_file_that_is_missing_is_refused(weights, tmp_path):
    path = save({"model": weights, "model_args": MODEL_ARGS}, tmp_path)
    with pytest.raises(mg.ArgumentError, match=r"The tokens cannot be read from .*none\.txt"):
        mg.load_model("nanogpt", path=path, tokens=tmp_path / "none.txt")
