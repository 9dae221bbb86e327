"""Is the law of a saved LSTM or GRU the one of its equations, and must the user say what the window means?"""

from __future__ import annotations

import json
from itertools import product

import markovgpt as mg
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from markovgpt.testing import check_model
from recurrent_oracle import recurrent_law
from torch import nn

from markovgpt_recurrent import RecurrentModel, save_recurrent, window_error


def parts(cell="lstm", *, V=3, E=4, H=5, layers=2, bias=True, head_bias=True, seed=0):
    """Random modules, large enough that the state matters."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        rnn = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](E, H, layers, bias=bias)
        modules = {"embedding": nn.Embedding(V, E), "rnn": rnn, "head": nn.Linear(H, V, bias=head_bias)}
        for module in modules.values():
            for parameter in module.parameters():
                nn.init.normal_(parameter, std=1.0)
    return modules


def load(folder, **options):
    return mg.load_model("recurrent", path=folder, window="rerun", **options)


@settings(deadline=None, derandomize=True, database=None, max_examples=20)
@given(
    cell=st.sampled_from(["lstm", "gru"]),
    V=st.integers(1, 4),
    E=st.integers(1, 4),
    H=st.integers(1, 5),
    layers=st.integers(1, 3),
    bias=st.booleans(),
    head_bias=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_law_equals_the_equations_in_numpy(tmp_path_factory, cell, V, E, H, layers, bias, head_bias, seed):
    """All contexts of 1 to 3 tokens, any shape: float32 against float64."""
    modules = parts(cell, V=V, E=E, H=H, layers=layers, bias=bias, head_bias=head_bias, seed=seed)
    model = load(save_recurrent(tmp_path_factory.mktemp("model"), **modules), context_length="3")
    contexts = [context for length in (1, 2, 3) for context in product(range(V), repeat=length)]
    expected = [recurrent_law(**modules, context=context) for context in contexts]
    chain = mg.build_chain(model, lengths="all")
    np.testing.assert_allclose(chain.probabilities, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_model_keeps_the_rules(cell, tmp_path):
    report = check_model(load(save_recurrent(tmp_path, **parts(cell)), context_length=4))
    assert report.ok, str(report)
    skipped = {result.check for result in report.results if result.outcome == "skipped"}
    assert not skipped & {"causal", "context_length", "session_equals_recompute", "session_after_crop"}


def test_tokens_and_shape_survive_saving(tmp_path):
    save_recurrent(tmp_path, **parts(V=3, E=4, H=5, layers=1), tokens=["é", "\n", "c"])
    model = load(tmp_path, context_length=2)
    assert isinstance(model, RecurrentModel)
    assert model.tokens == ("é", "\n", "c")
    assert model.n_parameters == 3 * 4 + 4 * 5 * (4 + 5 + 2) + 3 * (5 + 1)


def test_matrix_that_embedding_and_head_share_is_saved(tmp_path):
    """Tied weights: safetensors alone would refuse them."""
    modules = parts(V=3, E=5, H=5)
    modules["head"].weight = modules["embedding"].weight
    model = load(save_recurrent(tmp_path, **modules), context_length=1)
    np.testing.assert_allclose(
        mg.build_chain(model).row("1"), recurrent_law(**modules, context=[1]), rtol=1e-4, atol=1e-6
    )


def test_fingerprint_is_that_of_weights_and_window(tmp_path):
    save_recurrent(tmp_path / "a", **parts(seed=0))
    save_recurrent(tmp_path / "b", **parts(seed=1))
    prints = [load(tmp_path / f, context_length=K).fingerprint for f, K in (("a", 2), ("a", 2), ("a", 3), ("b", 2))]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_loading_and_asking_leave_torch_as_it_was(tmp_path):
    """No random numbers are drawn, and the number of threads is put back."""
    save_recurrent(tmp_path, **parts())
    random, threads = torch.get_rng_state(), torch.get_num_threads()
    load(tmp_path, context_length=2).next_logits(np.array([[0, 1]]))
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.get_num_threads() == threads


# The window


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"needs a decision: window=rerun runs its state anew.*-M window=rerun -M context_length=3"),
        ({"window": "carried", "context_length": "3"}, r"depends on the whole past.*Use window=rerun.*window_error"),
        ({"window": "rerun"}, r"window=rerun needs context_length.*got None"),
        ({"window": "rerun", "context_length": "0"}, r"at least 1 .*got 0"),
        ({"window": "slide"}, "window must be one of rerun, carried"),
    ],
    ids=["unsaid", "carried", "no length", "length 0", "unknown"],
)
def test_window_is_asked_for(options, message, tmp_path):
    """Exit code 2: a decision of the user is missing or impossible."""
    save_recurrent(tmp_path, **parts())
    with pytest.raises(mg.ArgumentError, match=message) as error:
        mg.load_model("recurrent", path=tmp_path, **options)
    assert error.value.exit_code == 2


def gru_that_remembers(folder, *, remembers):
    """Token 0 sets the state to 1; after token 1 it stays, or without memory is 0. State 1 promises token 0."""
    embedding, rnn, head = nn.Embedding(2, 1), nn.GRU(1, 1), nn.Linear(1, 2)
    keep = 30.0 if remembers else -30.0
    values = {
        embedding.weight: [[1.0], [0.0]],
        rnn.weight_ih_l0: [[0.0], [-30.0 - keep], [30.0]],  # reset, update (30: keep), new state
        rnn.bias_ih_l0: [0.0, keep, 0.0],
        rnn.weight_hh_l0: [[0.0]] * 3,
        rnn.bias_hh_l0: [0.0] * 3,
        head.weight: [[80.0], [0.0]],
        head.bias: [-40.0, 0.0],
    }
    with torch.no_grad():
        for parameter, value in values.items():
            parameter.copy_(torch.tensor(value))
    save_recurrent(folder, embedding=embedding, rnn=rnn, head=head)
    return load(folder, context_length=1)


def test_window_error_is_one_where_the_past_decides(tmp_path):
    """0111111, K=2: six windows; only the first sees the 0 that decides everything."""
    model = gru_that_remembers(tmp_path, remembers=True)
    (error,) = window_error(model, "0111111", context_lengths=[2])
    assert (error.context_length, error.n) == (2, 6)
    assert error.mean_tv == pytest.approx(5 / 6, abs=1e-6)
    assert error.max_tv == pytest.approx(1, abs=1e-6)


def test_window_error_is_zero_without_memory_and_for_the_whole_text(tmp_path):
    forgetful = gru_that_remembers(tmp_path / "a", remembers=False)
    (error,) = window_error(forgetful, "0110101", context_lengths=[1])
    assert error.max_tv == pytest.approx(0, abs=1e-6)
    remembering = gru_that_remembers(tmp_path / "b", remembers=True)
    (error,) = window_error(remembering, "0111111", context_lengths=[7])
    assert (error.n, error.max_tv) == (1, pytest.approx(0, abs=1e-6))


def test_window_error_is_the_same_in_several_batches(tmp_path, monkeypatch):
    model = load(save_recurrent(tmp_path, **parts()), context_length=1)
    whole = window_error(model, "0120210012", context_lengths=[1, 3])
    monkeypatch.setattr("markovgpt_recurrent.memory._BATCH", 3)
    pieces = window_error(model, "0120210012", context_lengths=[1, 3])
    for one, other in zip(whole, pieces, strict=True):
        assert one.mean_tv == pytest.approx(other.mean_tv, abs=1e-6)
        assert 0.001 < one.mean_tv < one.max_tv < 1


@pytest.mark.parametrize("K", [0, 4])
def test_window_error_refuses_windows_outside_the_text(K, tmp_path):
    model = load(save_recurrent(tmp_path, **parts()), context_length=1)
    with pytest.raises(mg.ArgumentError, match=f"from 1 to the 3 tokens of the text: got {K}"):
        window_error(model, "012", context_lengths=[K])


def test_window_error_refuses_characters_that_are_no_tokens(tmp_path):
    model = load(save_recurrent(tmp_path, **parts()), context_length=1)
    with pytest.raises(mg.DataError, match="Token outside the vocabulary: character 'x' at position 2"):
        window_error(model, "01x")


# What is refused on the way in and out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rnn": nn.RNN(4, 5)}, r"must be torch's nn\.LSTM or nn\.GRU: got RNN"),
        ({"rnn": nn.LSTM(4, 5, bidirectional=True)}, "has seen the token that it is to predict"),
        ({"rnn": nn.LSTM(4, 5, proj_size=2)}, "got proj_size=2"),
        ({"embedding": nn.Embedding(3, 4, max_norm=1.0)}, r"got max_norm=1\.0"),
        ({"embedding": nn.Embedding(3, 6)}, "the embedding's width and the input of the recurrent part: got 6 and 4"),
        ({"head": nn.Linear(6, 3)}, "the hidden size and the input of the head: got 5 and 6"),
        ({"head": nn.Linear(5, 2)}, "tokens that are read and those that are written: got 3 and 2"),
        ({"tokens": ["a", "b"]}, "tokens must be 3 texts, one a token: got 2"),
        ({"tokens": ["a", "b", "a"]}, "'a' stands for two tokens"),
    ],
    ids=["rnn", "bidirectional", "projection", "max_norm", "width", "hidden", "head", "few tokens", "same tokens"],
)
def test_parts_that_do_not_fit_are_refused(changes, message, tmp_path):
    with pytest.raises(mg.ArgumentError, match=message):
        save_recurrent(tmp_path, **(parts() | changes))


def test_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(mg.ArgumentError, match="The model cannot be saved to"):
        save_recurrent(tmp_path / "file", **parts())


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(mg.ModelLoadError, match=r"No recurrent model in .*none: No such file.*save_recurrent writes"):
        load(tmp_path / "none", context_length=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: [], "does not describe a recurrent model"),
        (lambda d: d | {"format": "other"}, "does not describe a recurrent model"),
        (lambda d: d | {"format_version": 2}, "has format version 2: this markovgpt-recurrent reads version 1"),
        (lambda d: {k: v for k, v in d.items() if k != "config"}, "is damaged: KeyError: 'config'"),
        (lambda d: d | {"config": d["config"] | {"cell": "rnn"}}, "cell must be 'lstm' or 'gru': got 'rnn'"),
        (
            lambda d: d | {"config": d["config"] | {"n_layers": 0}},
            "n_layers must be a whole number of at least 1: got 0",
        ),
        (lambda d: d | {"config": d["config"] | {"dropout": 0}}, "is damaged: TypeError"),
        (lambda d: d | {"config": d["config"] | {"cell": "gru"}}, r"do not fit recurrent\.json: rnn\..*expected \(15"),
        (lambda d: d | {"config": d["config"] | {"n_layers": 1}}, "expected no such weight; .*, and 1 more"),
        (lambda d: d | {"tokens": ["a"]}, "tokens must be 3 texts, one a token: got 1"),
        (lambda d: d | {"tokens": [1, 2, 3]}, "tokens must be 3 texts"),
    ],
)
def test_damaged_description_is_refused(change, message, tmp_path):
    save_recurrent(tmp_path, **parts())
    file = tmp_path / "recurrent.json"
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
    with pytest.raises(mg.ModelLoadError, match=message):
        load(tmp_path, context_length=1)


def test_damaged_weights_are_refused(tmp_path):
    save_recurrent(tmp_path, **parts())
    (tmp_path / "recurrent.safetensors").write_bytes(b"nothing")
    with pytest.raises(mg.ModelLoadError, match="is damaged: SafetensorError"):
        load(tmp_path, context_length=1)
    (tmp_path / "recurrent.safetensors").unlink()
    with pytest.raises(mg.ModelLoadError, match="No recurrent model in"):
        load(tmp_path, context_length=1)
