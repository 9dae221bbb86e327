"""Is the textgenrnn network the one that its package has?"""

from __future__ import annotations

import json
import sys
from importlib.metadata import distributions

import markovgpt as mg
import numpy as np
import pytest
import torch
from markovgpt.testing import check_model
from recurrent_oracle import textgenrnn_law

from markovgpt_recurrent.textgenrnn import _SHAPES

h5py = pytest.importorskip("h5py", reason="pip install 'markovgpt-recurrent[textgenrnn]'")

INSTALLED = bool(list(distributions(name="textgenrnn")))
real_model = [
    pytest.mark.real_model,
    pytest.mark.skipif(not INSTALLED, reason="pip install --no-deps textgenrnn==2.0.0"),
]
WEIGHTS, VOCABULARY = "textgenrnn/textgenrnn_weights.hdf5", "textgenrnn/textgenrnn_vocab.json"


@pytest.fixture
def fake_weights(fake_package):
    """Random arrays where the package would keep its own, by name in the file; a vocabulary of made-up characters."""
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in _SHAPES.items()}
    with h5py.File(fake_package / WEIGHTS, "w") as file:
        for name, array in weights.items():
            file[name] = array
    texts = [chr(0x4E00 + i) for i in range(462)]
    (fake_package / VOCABULARY).write_text(json.dumps({text: i + 1 for i, text in enumerate(["<s>", "a", *texts])}))
    return weights


@pytest.mark.parametrize("length", [1, 5, 39, 40])
def test_law_equals_the_definition_in_numpy(fake_weights, length):
    """Random weights, one position at a time; the shared padding against all forty positions."""
    contexts = np.random.default_rng(1).integers(0, 465, (3, length))
    law = mg.load_model("textgenrnn").next_logits(contexts).double().softmax(dim=1).numpy()
    expected = [textgenrnn_law(fake_weights, context) for context in contexts]
    np.testing.assert_allclose(law, expected, rtol=1e-3, atol=1e-6)


def test_encode_reads_the_start_as_one_token(fake_weights):
    """<s> is token 1 and a is token 2 of the made-up vocabulary."""
    model = mg.load_model("textgenrnn")
    assert model.encode("<s>aa<s>").tolist() == [1, 2, 2, 1]
    assert model.encode("a").tolist() == [2]
    with pytest.raises(mg.DataError, match="character '!'"):
        model.encode("<s>!")


def test_prompt_is_read_with_its_start(fake_weights):
    """markovgpt's prompt adapter uses the model's own encode."""
    model = mg.load_model("textgenrnn")
    prompted = mg.with_prompt(model, "<s>a", context_length=1)
    both = model.next_logits(np.array([[1, 2, 7]]))
    torch.testing.assert_close(prompted.next_logits(np.array([[7]])), both)


def test_window_is_part_of_the_fingerprint(fake_weights):
    prints = {mg.load_model("textgenrnn", context_length=K).fingerprint for K in (1, 40, "40")}
    assert len(prints) == 2


def test_missing_package_is_refused_with_the_way_to_install_it(no_package):
    with pytest.raises(mg.ModelLoadError, match=r"pip install --no-deps textgenrnn==2\.0\.0") as error:
        mg.load_model("textgenrnn")
    assert error.value.exit_code == 3


def test_missing_h5py_is_refused_with_the_way_to_install_it(fake_weights, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(mg.ModelLoadError, match=r"needs h5py: pip install 'markovgpt-recurrent\[textgenrnn\]'"):
        mg.load_model("textgenrnn")


def test_weights_of_another_shape_are_refused(fake_weights, fake_package):
    with h5py.File(fake_package / WEIGHTS, "a") as file:
        del file["output/output/bias:0"]
        file["output/output/bias:0"] = np.zeros(7)
    with pytest.raises(mg.ModelLoadError, match=r"output/output/bias:0 in .* must be of shape \(465,\): got \(7,\)"):
        mg.load_model("textgenrnn")
    with h5py.File(fake_package / WEIGHTS, "a") as file:
        del file["output/output/bias:0"]
    with pytest.raises(mg.ModelLoadError, match="cannot be read as the weights of textgenrnn"):
        mg.load_model("textgenrnn")


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "cannot be read as a vocabulary"), ('{"a": 1}', "must number 464 texts from 1 to 464: got 1")],
)
def test_damaged_vocabulary_is_refused(text, message, fake_weights, fake_package):
    (fake_package / VOCABULARY).write_text(text)
    with pytest.raises(mg.ModelLoadError, match=message):
        mg.load_model("textgenrnn")


@pytest.mark.parametrize("K", ["0", "41"])
def test_window_outside_the_network_is_refused(K, fake_weights):
    with pytest.raises(mg.ArgumentError, match=f"context_length must be from 1 to 40, got {K}"):
        mg.load_model("textgenrnn", context_length=K)


class TestReal:
    pytestmark = real_model

    def test_knows_the_meaning_of_life(self):
        """'What is the meaning of lif' -> 'e' with 0.978, as the package's own code has it."""
        model = mg.load_model("textgenrnn")
        law = model.next_logits(model.encode("<s>What is the meaning of lif")[None]).double().softmax(dim=1)[0]
        assert model.tokens[int(law.argmax())] == "e"
        assert float(law.max()) == pytest.approx(0.978, abs=5e-4)

    def test_keeps_the_rules(self):
        report = check_model(mg.load_model("textgenrnn", context_length=6))
        assert report.ok, str(report)

    def test_the_token_forty_back_matters(self):
        """The window is 40 exactly: K would be too large by one if the oldest token changed nothing."""
        contexts = np.full((2, 40), 5)
        contexts[1, 0] = 6
        first, second = mg.load_model("textgenrnn").next_logits(contexts)
        assert not torch.allclose(first, second, atol=1e-4)
