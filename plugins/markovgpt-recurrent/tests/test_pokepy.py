"""Is the pokepy network the one that its package has, and is it as good as its makers' numbers say?"""

from __future__ import annotations

from importlib.metadata import distributions

import markovgpt as mg
import numpy as np
import pytest
from markovgpt.testing import check_model
from recurrent_oracle import pokepy_law

from markovgpt_recurrent.pokepy import _SHAPES

INSTALLED = bool(list(distributions(name="pokepy-generator")))
real_model = [
    pytest.mark.real_model,
    pytest.mark.skipif(not INSTALLED, reason="pip install --no-deps pokepy-generator==1.1.0"),
]


@pytest.fixture
def fake_weights(fake_package):
    """Random arrays where the package would keep its own, by file name."""
    rng = np.random.default_rng(0)
    weights = {file: rng.normal(size=shape) for file, shape in _SHAPES.items()}
    for file in weights:
        if file.endswith("_var"):
            weights[file] **= 2
        np.save(fake_package / "pokepy" / f"{file}.npy", weights[file])
    (fake_package / "pokepy" / "pokemon.txt").write_text("mr. mime\n\nflabébé\nnidoran♀\n", encoding="utf-8")
    return weights


@pytest.mark.parametrize("length", [1, 3, 8])
def test_law_equals_the_definition_in_numpy(fake_weights, length):
    """Random weights; batch normalisation multiplied in against its definition; shorter contexts padded with zeros."""
    model = mg.load_model("pokepy")
    contexts = np.random.default_rng(1).integers(0, 27, (20, length))
    logits = model.next_logits(contexts)
    law = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(law, [pokepy_law(fake_weights, context) for context in contexts], rtol=1e-10)


def test_names_are_cleaned_as_the_network_reads_them(fake_weights):
    assert mg.load_model("pokepy").names == ("mrmime", "flabb", "nidoran")


def test_window_is_part_of_the_fingerprint(fake_weights):
    prints = {mg.load_model("pokepy", context_length=K).fingerprint for K in (1, 8, "8")}
    assert len(prints) == 2


def test_missing_package_is_refused_with_the_way_to_install_it(no_package):
    """Exit code 3, and the command that installs nothing but the package itself."""
    with pytest.raises(mg.ModelLoadError, match=r"pip install --no-deps pokepy-generator==1\.1\.0") as error:
        mg.load_model("pokepy")
    assert error.value.exit_code == 3


def test_package_of_another_shape_is_refused(fake_weights, fake_package):
    np.save(fake_package / "pokepy" / "layer_5_weight.npy", np.zeros((64, 16)))
    with pytest.raises(
        mg.ModelLoadError, match=r"must hold float64 of shape \(64, 32\): got float64 of shape \(64, 16\)"
    ):
        mg.load_model("pokepy")


def test_damaged_and_missing_files_are_refused(fake_weights, fake_package):
    (fake_package / "pokepy" / "layer_5_weight.npy").write_bytes(b"nothing")
    with pytest.raises(mg.ModelLoadError, match="cannot be read as an array"):
        mg.load_model("pokepy")
    (fake_package / "pokepy" / "layer_5_weight.npy").unlink()
    with pytest.raises(mg.ModelLoadError, match=r"pokepy-generator 9\.9 has no file pokepy/layer_5_weight\.npy"):
        mg.load_model("pokepy")


@pytest.mark.parametrize("K", ["0", "9"])
def test_window_outside_the_network_is_refused(K, fake_weights):
    with pytest.raises(mg.ArgumentError, match=f"context_length must be from 1 to 8, got {K}"):
        mg.load_model("pokepy", context_length=K)


class TestReal:
    pytestmark = real_model

    def test_has_the_published_surprise_about_its_own_names(self):
        """2.106 nats a character on its list of 1,025 names, each from eight zeros to the '.' that ends it."""
        model = mg.load_model("pokepy")
        assert len(model.names) == 1025
        rows, targets = [], []
        for name in model.names:
            letters = [0] * 8 + [model.tokens.index(letter) for letter in name] + [0]
            for end in range(8, len(letters)):
                rows.append(letters[end - 8 : end])
                targets.append(letters[end])
        logits = model.next_logits(np.array(rows))  # (8842, 27)
        logs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        assert -logs[np.arange(len(rows)), targets].mean() == pytest.approx(2.106, abs=5e-4)

    def test_keeps_the_rules(self):
        report = check_model(mg.load_model("pokepy"))
        assert report.ok, str(report)

    def test_the_letter_eight_back_matters(self):
        """The window is 8 exactly."""
        contexts = np.array([[first, *[0] * 7] for first in range(27)])
        logits = mg.load_model("pokepy").next_logits(contexts)
        assert (np.ptp(logits, axis=0) > 0.1).all()
