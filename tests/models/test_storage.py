"""A saved model is the model: bit for bit, with its words, its data and the record of its training."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

import markovgpt as mg
from markovgpt.models.gpt_model import GPTModel


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, babygpt: GPTModel) -> tuple[GPTModel, GPTModel]:
    """The trained babygpt, and what came back from the folder."""
    folder = mg.save_model(babygpt, tmp_path_factory.mktemp("saved") / "new" / "babygpt")
    loaded = mg.load_model(str(folder))
    assert isinstance(loaded, GPTModel)
    return babygpt, loaded


def test_saved_weights_come_back_bit_by_bit(pair: tuple[GPTModel, GPTModel]) -> None:
    """Every tensor, and so the fingerprint."""
    saved, loaded = (model.network.state_dict() for model in pair)
    assert all(torch.equal(saved[name], loaded[name]) for name in saved)
    assert pair[0].fingerprint == pair[1].fingerprint


def test_saved_model_is_the_same_chain(pair: tuple[GPTModel, GPTModel]) -> None:
    """Equal probabilities, and so equal answers to every question."""
    saved, loaded = map(mg.build_chain, pair)
    assert saved.fingerprint == loaded.fingerprint


def test_saved_training_comes_back(pair: tuple[GPTModel, GPTModel]) -> None:
    """Losses, settings and sizes, as they were."""
    assert asdict(pair[0].training) == asdict(pair[1].training)


def test_saved_training_tokens_come_back(pair: tuple[GPTModel, GPTModel]) -> None:
    """As int64, however small they are in the file."""
    np.testing.assert_array_equal(pair[0].training_tokens, pair[1].training_tokens)
    assert pair[1].training_tokens.dtype == np.int64


def test_saved_validation_tokens_come_back(tmp_path: Path) -> None:
    """The last tenth of 200 characters, which training never saw."""
    model = mg.load_model("mingpt", data="abcde" * 40, steps=0, n_layer=1)
    loaded = mg.load_model(str(mg.save_model(model, tmp_path)))
    assert loaded.validation_tokens.tolist() == model.validation_tokens.tolist() == [0, 1, 2, 3, 4] * 4


def test_saved_model_is_ready_to_be_asked(pair: tuple[GPTModel, GPTModel]) -> None:
    """In evaluation mode, its head still tied to the embedding, and its name kept."""
    loaded = pair[1]
    tied = loaded.network.lm_head.weight is loaded.network.wte.weight
    assert (loaded.name, loaded.network.training, tied) == ("babygpt", False, True)


@pytest.mark.parametrize("kind", ["char", "word", "byte"])
def test_saved_vocabulary_comes_back(tmp_path: Path, kind: str) -> None:
    """Tokens of every kind, with blanks, line ends, quotes and letters from elsewhere."""
    data = 'a "b"\n\tcé 猫 \\n ' * 3
    model = mg.load_model("mingpt", data=data, vocabulary=kind, steps=0, n_layer=1)
    loaded = mg.load_model(str(mg.save_model(model, tmp_path)))
    assert (loaded.vocabulary.tokens, loaded.vocabulary.kind) == (model.vocabulary.tokens, kind)


def test_saved_model_without_data_comes_back_without(tmp_path: Path) -> None:
    """An untrained network has no tokens and no record, and no file of them is left from another model."""
    model = mg.load_model("mingpt", vocab_size=3, n_layer=1)
    loaded = mg.load_model(str(mg.save_model(model, tmp_path)))
    assert (loaded.training_tokens, loaded.training, loaded.fingerprint) == (None, None, model.fingerprint)


def test_saved_model_replaces_another(tmp_path: Path, untrained: GPTModel) -> None:
    """Saving twice to one folder leaves the second model, and nothing of the first."""
    mg.save_model(untrained, tmp_path)
    mg.save_model(mg.load_model("mingpt", vocab_size=3, n_layer=1), tmp_path)
    loaded = mg.load_model(str(tmp_path))
    assert loaded.vocab_size == 3
    assert loaded.training_tokens is None


def test_saved_network_with_biases_comes_back(tmp_path: Path) -> None:
    """The shape is kept with all its options."""
    model = mg.load_model("mingpt", vocab_size=3, n_layer=1, bias=True)
    assert mg.load_model(str(mg.save_model(model, tmp_path))).fingerprint == model.fingerprint


def test_loading_a_saved_model_leaves_the_random_state_of_torch_alone(tmp_path: Path, untrained: GPTModel) -> None:
    """The weights that are overwritten are not drawn from the user's stream."""
    folder = str(mg.save_model(untrained, tmp_path))
    before = torch.random.get_rng_state()
    mg.load_model(folder)
    assert torch.equal(before, torch.random.get_rng_state())


def test_saved_description_can_be_read_by_people(tmp_path: Path, untrained: GPTModel) -> None:
    """JSON that says what it is, the shape and the words."""
    description = json.loads((mg.save_model(untrained, tmp_path) / "config.json").read_text(encoding="utf-8"))
    found = (description["format"], description["config"]["n_layer"], description["vocabulary"]["tokens"])
    assert found == ("markovgpt model", 4, ["0", "1"])
