"""What is said when there is no model, or none that can be read?"""

from __future__ import annotations

import json
import os
import shutil

import markovgpt as mg
import pytest
import tiny
import torch
import transformers
from safetensors.torch import load_file, save_file

import markovgpt_transformers as mt
from markovgpt_transformers import reading


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of a folder that may be broken."""
    return shutil.copytree(saved("llama"), tmp_path / "llama")


def refused(path, message, **options):
    with pytest.raises(mg.ModelLoadError, match=f"(?s){message}") as caught:
        mt.load(path, **{"context_length": 2, **options})
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("path", ["gpt2", "HuggingFaceTB/SmolLM2-135M", "/nowhere/model.gguf"])
def test_missing_folder_is_an_error_that_says_how_to_download(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(path, f"There is no folder or file {path}. Nothing is downloaded here; do it once, with: hf download")


def test_folder_without_a_model_is_an_error_that_lists_it(tmp_path):
    refused(tmp_path, "holds no model: it has neither config.json nor a .gguf file. It holds nothing")
    for number in range(9):
        (tmp_path / f"{number}.txt").touch()
    refused(tmp_path, r"It holds 0.txt, 1.txt, .*7.txt, \.\.\.")


def test_folder_without_weights_is_an_error(folder):
    (folder / "model.safetensors").unlink()
    refused(folder, r"has a config.json but no weights \(.safetensors, or pytorch_model.bin\)")


def test_model_that_markovgpt_saved_is_an_error_that_says_how_to_load_it(tmp_path):
    mg.save_model(mg.load_model("babygpt", steps=0), tmp_path / "mine")
    refused(tmp_path / "mine", "is a model that markovgpt saved: load it with --model .*mine")


def test_configuration_that_is_no_json_is_an_error(folder):
    (folder / "config.json").write_text("{")
    refused(folder, "config.json is not valid JSON")


def test_unknown_architecture_is_an_error(folder):
    described = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**described, "model_type": "zork"}))
    refused(folder, "The configuration in .* cannot be read by transformers .* `zork`")


def test_encoder_decoder_is_an_error(tmp_path):
    config = transformers.T5Config(vocab_size=11, d_model=16, num_layers=1, num_heads=2, d_ff=32, d_kv=8)
    transformers.T5ForConditionalGeneration(config).save_pretrained(tmp_path)
    refused(tmp_path, "is no causal language model: transformers has no text generator of one stream for T5Config")


@pytest.mark.parametrize("architecture", ["bert", "roberta"])
def test_network_that_looks_at_later_tokens_is_an_error(tmp_path, architecture):
    """transformers loads BERT as a causal language model, and goes on after a line in its log."""
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    folder = tiny.save(tmp_path, architecture, **shape)
    refused(folder, f"{architecture} .* looks at later tokens: its logits of the first position change with the second")


def test_missing_weights_are_an_error(folder):
    """transformers fills them with random numbers, says so in its log, and goes on."""
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    refused(folder, "do not fit its configuration: model.layers.1.mlp.up_proj.weight is missing")


def test_weights_of_another_shape_are_an_error_with_both_shapes(folder):
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"] = torch.zeros(3)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    refused(folder, r"model.norm.weight is \(3,\), expected \(16,\)")


def test_unused_weights_are_a_warning(folder):
    """They may be harmless (old buffers) or a layer too many: the law is computed, and it is said."""
    weights = load_file(folder / "model.safetensors")
    weights["model.layers.2.extra"] = torch.zeros(3)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.warns(UserWarning, match="1 weights in .* have no place in the network .* first model.layers.2.extra"):
        mt.load(folder, context_length=2)


def test_damaged_weights_are_an_error(folder):
    (folder / "model.safetensors").write_bytes(b"no header")
    refused(folder, "The weights in .* cannot be read by transformers")


def test_pickled_weights_are_read_without_running_code(folder):
    """pytorch_model.bin with tensors only, by torch's weights_only unpickler."""
    expected = mt.load(folder, context_length=2).next_logits([[3, 4]])
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert torch.equal(mt.load(folder, context_length=2).next_logits([[3, 4]]), expected)


def test_pickled_weights_that_would_run_code_are_refused_and_run_none(folder, tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "was here"),)

    torch.save({"x": Evil()}, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    refused(folder, "The pickled weights in .* hold more than tensors, and would have to run code: they are not read")
    assert not (tmp_path / "was here").exists()


def test_code_in_the_folder_is_run_only_when_asked_for(folder, tmp_path):
    described = json.loads((folder / "config.json").read_text())
    own = {"model_type": "zork", "auto_map": {"AutoConfig": "mine.Config", "AutoModelForCausalLM": "mine.Model"}}
    (folder / "config.json").write_text(json.dumps({**described, **own}))
    (folder / "mine.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'was here')!r})\n")
    refused(folder, "brings Python code of its own, which would be run. If you trust it: trust_remote_code=True")
    assert not (tmp_path / "was here").exists()


def test_logits_that_are_not_finite_are_an_error(tmp_path):
    """As when large weights are computed in float16."""
    network = tiny.network("gpt2")
    torch.nn.init.constant_(network.transformer.ln_f.weight, 1e6)
    network.save_pretrained(tmp_path / "large")
    refused(tmp_path / "large", "logits of large are not finite when it computes in torch.float16", dtype="float16")


@pytest.mark.parametrize("device", ["cuda:99", "warp", "hpu"])
def test_unknown_device_is_an_error(saved, device):
    with pytest.raises(mg.ArgumentError, match=f"The device '{device}' cannot be used here"):
        mt.load(saved("gpt2"), context_length=2, device=device)


@pytest.mark.parametrize("missing", [["gguf"], ["accelerate"], ["gguf", "accelerate"]], ids="-".join)
def test_missing_packages_are_named_with_the_extra_that_brings_them(tmp_path, monkeypatch, missing):
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr(reading, "find_spec", lambda package: None if package in missing else object())
    needed = rf"reading it needs {' and '.join(missing)}: pip install 'markovgpt-transformers\[gguf\]'"
    refused(tmp_path / "model.gguf", needed)


def test_option_that_is_none_is_refused_by_name(saved):
    with pytest.raises(mg.ArgumentError, match=r"has no option 'contextlength'\. Did you mean context_length"):
        mg.load_model("transformers", path=saved("gpt2"), contextlength="3")
    with pytest.raises(mg.ArgumentError, match="dtype must be one of float32, float64, bfloat16, float16: got 'int8'"):
        mg.load_model("transformers", path=saved("gpt2"), dtype="int8")
