"""Is a GGUF file read as the network that it holds?"""

from __future__ import annotations

import gguf
import markovgpt as mg
import numpy as np
import pytest
import tiny
import torch

import markovgpt_transformers as mt

HEADS = {"attn_q": 2, "attn_k": 1}  # of tiny's llama


def write_gguf(path, network, *, tokens):
    """As llama.cpp's converter does it: its names, and queries and keys in its order of rotary dimensions."""
    config = network.config
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("tiny")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * len(tokens))
    writer.add_token_merges(["Ġ a"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, tensor in network.state_dict().items():
        theirs = names.get_name(name, try_suffixes=(".weight",))
        values = tensor.numpy()
        for part, heads in HEADS.items():
            if part in theirs:  # the permutation of convert_hf_to_gguf.py
                halves = values.reshape(heads, 2, values.shape[0] // heads // 2, values.shape[1])
                values = halves.swapaxes(1, 2).reshape(values.shape)
        writer.add_tensor(theirs, np.ascontiguousarray(values, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture(scope="module")
def network():
    return tiny.network("llama")


@pytest.fixture(scope="module")
def file(tmp_path_factory, network):
    path = tmp_path_factory.mktemp("gguf") / "tiny.Q32.gguf"
    write_gguf(path, network, tokens=["<unk>", "<s>", "</s>", "Ġ", "a", "Ġa", "b", "c", "d", "Ċ", "Ã"])
    return path


@pytest.mark.parametrize("place", ["file", "folder", "folder and name"])
def test_gguf_is_the_network_that_was_written(file, network, place):
    """Same logits as the network before it was written, in whichever of three ways the file is named."""
    where = {"file": {"path": file}, "folder": {"path": file.parent}}.get(
        place, {"path": str(file.parent), "gguf_file": file.name}
    )
    model = mg.load_model("transformers", context_length="4", **where)
    contexts = np.random.default_rng(0).integers(0, tiny.V, size=(5, 4))
    with torch.no_grad():
        expected = network(torch.from_numpy(contexts)).logits
    torch.testing.assert_close(model.all_logits(contexts), expected, atol=2e-5, rtol=1e-5)
    assert (model.name, model.positions) == ("tiny.Q32", tiny.POSITIONS)
    assert hasattr(model, "session")


def test_tokens_of_a_gguf_are_read_from_it(file):
    model = mt.load(file, context_length=2)
    assert model.tokens[3:] == (" ", "a", " a", "b", "c", "d", "\n", "\\xc3")
    assert model.encode("b a") == [6, 5]


def test_nothing_is_written_while_reading(file, capfd):
    """transformers draws two progress bars; on a terminal they are left alone."""
    mt.load(file, context_length=2)
    assert capfd.readouterr() == ("", "")


def test_several_gguf_files_are_refused_with_their_names(file, tmp_path):
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / name).write_bytes(file.read_bytes())
    with pytest.raises(mg.ModelLoadError, match=r"holds 2 GGUF files: choose one with gguf_file: a.gguf, b.gguf"):
        mt.load(tmp_path, context_length=2)
    with pytest.raises(mg.ModelLoadError, match=r"has no file 'c.gguf'. GGUF files in it: a.gguf, b.gguf"):
        mt.load(tmp_path, context_length=2, gguf_file="c.gguf")
    with pytest.raises(mg.ModelLoadError, match=r"a.gguf is a file already: leave out gguf_file=b.gguf"):
        mt.load(tmp_path / "a.gguf", context_length=2, gguf_file="b.gguf")
    assert mt.load(tmp_path, context_length=2, gguf_file="b.gguf").name == "b"


def test_unknown_architecture_is_an_error_that_lists_the_known(tmp_path):
    writer = gguf.GGUFWriter(str(tmp_path / "zork.gguf"), "zork")
    writer.add_block_count(1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(mg.ModelLoadError, match=r"architecture zork is not supported yet. Known are .*llama.*mistral"):
        mt.load(tmp_path / "zork.gguf", context_length=2)


def test_file_that_is_no_gguf_is_an_error(tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"PK\x03\x04")
    with pytest.raises(mg.ModelLoadError, match=r"model.gguf is no GGUF file: it begins with b'PK"):
        mt.load(tmp_path / "model.gguf", context_length=2)


def test_damaged_gguf_is_an_error(file, tmp_path):
    (tmp_path / "half.gguf").write_bytes(file.read_bytes()[:2000])
    with pytest.raises(mg.ModelLoadError, match=r"half.gguf cannot be read by transformers"):
        mt.load(tmp_path / "half.gguf", context_length=2)
