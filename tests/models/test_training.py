"""Training: the same every time, on the right part of the data, towards the right loss."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import markovgpt as mg
from markovgpt.models.gpt_model import GPTModel
from markovgpt.models.training import TrainingSettings, split_tokens

TEXT = "the cat sat on the mat and the rat sat on the hat " * 4
SMALL: dict[str, Any] = {"n_layer": 1, "n_head": 2, "n_embd": 8, "context_length": 2, "steps": 5}


def _train(**options: Any) -> GPTModel:
    model = mg.load_model("mingpt", **{"data": TEXT, **SMALL, **options})
    assert isinstance(model, GPTModel)
    return model


@pytest.mark.parametrize("options", [{}, {"loss": "last"}, {"vocabulary": "word"}], ids=["all", "last", "words"])
def test_training_is_the_same_for_the_same_seed(options: dict[str, Any]) -> None:
    """Same weights, bit for bit, and same losses: batches are drawn by the seed too."""
    first, second = _train(**options), _train(**options)
    assert (first.fingerprint, first.training.losses) == (second.fingerprint, second.training.losses)


def test_training_is_another_for_another_seed() -> None:
    """The seed matters from the first loss on."""
    assert _train(seed=1).training.losses[0] != _train(seed=2).training.losses[0]


def test_training_does_not_depend_on_the_callback() -> None:
    """Showing progress changes nothing."""
    assert _train(progress=lambda *_: None).fingerprint == _train().fingerprint


def test_progress_counts_the_steps() -> None:
    """Once a step, from 1 to the number of steps."""
    reports: list[tuple[str, int, int]] = []
    _train(progress=lambda *report: reports.append(report))
    assert reports == [("training", step, 5) for step in range(1, 6)]


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_checkpoint_shows_the_model_of_every_number_of_steps(steps: int) -> None:
    """Stopping there would have given the same weights; showing them changes nothing."""
    shown: dict[int, str] = {}
    model = _train(checkpoint=lambda step, model: shown.setdefault(step, model.fingerprint))
    assert sorted(shown) == [0, 1, 2, 3, 4, 5]
    assert (shown[steps], model.fingerprint) == (_train(steps=steps).fingerprint, _train().fingerprint)


def test_checkpoint_is_shown_an_untrained_model() -> None:
    """With no steps there is step 0."""
    steps: list[int] = []
    _train(steps=0, checkpoint=lambda step, _: steps.append(step))
    assert steps == [0]


def test_first_loss_is_that_of_guessing() -> None:
    """An untrained network knows nothing: log V nats, within a tenth."""
    model = _train()
    assert model.training.losses[0] == pytest.approx(math.log(model.vocab_size), abs=0.1)


def test_training_learns() -> None:
    """After 150 steps on a text of few words, less than half the surprise is left."""
    losses = _train(steps=150, learning_rate=1e-2).training.losses
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize(("share", "n"), [(0.0, 0), (0.1, 20), (0.25, 50), (0.5, 100)])
def test_validation_part_is_the_end_of_the_data(share: float, n: int) -> None:
    """200 characters: the last tenth, quarter, half."""
    tokens = np.arange(200) % 7
    train, validation = split_tokens(tokens, TrainingSettings(validation=share), context_length=3)
    assert (train.tolist(), validation.tolist()) == (tokens[: 200 - n].tolist(), tokens[200 - n :].tolist())


@pytest.mark.parametrize(
    ("n", "share"),
    [pytest.param(20, 0.15, id="too short to validate"), pytest.param(7, 0.6, id="too short to train otherwise")],
)
def test_validation_part_is_empty_where_it_would_hold_no_window(n: int, share: float) -> None:
    """A context of three and its next token are four: 3 of 20, or 4 of 7 which leaves 3."""
    train, validation = split_tokens(np.zeros(n, dtype=np.int64), TrainingSettings(validation=share), context_length=3)
    assert (len(train), len(validation)) == (n, 0)


def test_training_record_tells_the_sizes_of_both_parts() -> None:
    """200 characters, a tenth of them for validation."""
    model = _train()
    assert (model.training.n_tokens, model.training.n_validation_tokens, len(model.training_tokens)) == (180, 20, 180)


def test_validation_loss_is_the_surprise_at_the_end_of_the_data() -> None:
    """The mean of -log p over the windows of the validation part, taken from the chain of the model: in nats."""
    model = _train(steps=30)
    chain = mg.build_chain(model)
    tokens = model.vocabulary.encode(TEXT)[180:]
    surprises = [-math.log(chain.row(tokens[i : i + 2].tolist())[tokens[i + 2]]) for i in range(18)]
    assert model.training.validation_loss == pytest.approx(sum(surprises) / 18, abs=1e-5)


def test_validation_loss_is_none_without_a_validation_part() -> None:
    """Nothing was kept from training."""
    assert _train(validation=0.0).training.validation_loss is None


def _nats(model: GPTModel, windows: list[list[int]], places: range) -> float:
    """Mean surprise of the tokens after the first L tokens of each window, for the given L."""
    chain = mg.build_chain(model, lengths="all")
    return float(np.mean([-math.log(chain.row(w[:length])[w[length]]) for w in windows for length in places]))


@pytest.mark.parametrize(("loss", "places"), [("last", range(2, 3)), ("all", range(1, 3))])
def test_loss_counts_the_tokens_it_says(loss: str, places: range) -> None:
    """The first loss is that of the untrained network, over its one full batch: after 2 tokens, or after 1 and 2."""
    from markovgpt.models.mingpt import MinGPTConfig
    from markovgpt.models.recipe import train_model

    config = MinGPTConfig(vocab_size=3, context_length=2, n_layer=1, n_head=1, n_embd=4)
    tokens = np.array([0, 1, 2, 0, 1, 1, 2, 2, 0], dtype=np.int64)
    vocabulary = mg.Vocabulary.numbered(3)
    trained, fresh = (
        train_model("test", config, vocabulary, tokens, TrainingSettings(steps=steps, loss=loss, seed=4))  # type: ignore[arg-type]
        for steps in (1, 0)
    )
    windows = [tokens[i : i + 3].tolist() for i in range(7)]
    assert trained.training.losses[0] == pytest.approx(_nats(fresh, windows, places), abs=1e-6)


def test_loss_at_all_positions_teaches_short_contexts() -> None:
    """After one letter alone, loss "all" leaves less surprise than loss "last", which trains pairs only."""
    options = {"steps": 60, "learning_rate": 1e-2, "validation": 0.0}
    tokens = _train(steps=0).vocabulary.encode(TEXT)
    windows = [tokens[i : i + 2].tolist() for i in range(len(tokens) - 1)]
    surprise = {loss: _nats(_train(loss=loss, **options), windows, range(1, 2)) for loss in ("all", "last")}
    assert surprise["all"] < surprise["last"]


@pytest.mark.parametrize(
    ("kind", "data", "tokens"),
    [
        pytest.param("char", "abcabcabc", ("a", "b", "c"), id="characters"),
        pytest.param("word", "to be or not to be", ("be", "not", "or", "to"), id="words"),
        pytest.param("byte", "ééééé", ("\\xa9", "\\xc3"), id="bytes"),
    ],
)
def test_mingpt_takes_its_tokens_from_the_data(kind: str, data: str, tokens: tuple[str, ...]) -> None:
    """Sorted, one for each character, word or byte that occurs."""
    assert mg.load_model("mingpt", data=data, vocabulary=kind, **{**SMALL, "steps": 0}).tokens == tokens


def test_mingpt_untrained_has_numbers_for_tokens() -> None:
    """Nothing else is known of them."""
    assert mg.load_model("mingpt", vocab_size=4).tokens == ("0", "1", "2", "3")


def test_training_tokens_are_the_data(babygpt: GPTModel) -> None:
    """babygpt keeps all fifteen bits."""
    assert babygpt.training_tokens.tolist() == [1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0]


def test_babygpt_ignores_blanks_and_line_ends() -> None:
    """The same bits in two lines."""
    first, second = (mg.load_model("babygpt", data=data, steps=3) for data in ("0110100110", "01101\n 00110\n"))
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize("byte_order_mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["unix", "windows"])
def test_data_from_a_file_are_its_text(tmp_path, line_end: bytes, byte_order_mark: bytes) -> None:
    """A byte order mark and Windows line ends are no tokens."""
    path = tmp_path / "text.txt"
    path.write_bytes(byte_order_mark + line_end.join([b"abc", b"cab", b""]))
    assert mg.load_model("mingpt", data=path, **{**SMALL, "steps": 0}).tokens == ("\n", "a", "b", "c")
