"""Is a golden chain kept to the last bit, compared within its tolerance, and refused when it is none?"""

from __future__ import annotations

import json

import numpy as np
import pytest

import markovgpt as mg
from markovgpt.errors import ArgumentError
from markovgpt.testing import assert_matches_golden, load_golden, save_golden

TABLE = np.random.default_rng(2).dirichlet(np.ones(3), size=9)
CHAIN = mg.chain_from_table(TABLE, tokens=["a", "\n", "é"])


@pytest.fixture
def path(tmp_path):
    return save_golden(CHAIN, tmp_path / "new folder" / "chain.json")


@pytest.mark.parametrize("lengths", ["full", "all"])
def test_golden_chain_is_read_as_it_was_written(tmp_path, lengths):
    model = mg.load_model("babygpt", steps=0)
    chain = mg.build_chain(model, lengths=lengths, decoding=mg.Decoding(temperature=0.3, top_k=2))
    golden = load_golden(save_golden(chain, tmp_path / "g.json"))
    assert golden.chain.fingerprint == chain.fingerprint
    assert golden.chain.origin.model_fingerprint == model.fingerprint
    assert golden.chain.origin.decoding == chain.origin.decoding
    assert golden.chain.vocabulary.tokens == chain.vocabulary.tokens
    assert golden.versions["markovgpt"] == mg.__version__
    assert {"numpy", "python", "torch"} <= set(golden.versions)


def test_golden_file_has_a_row_a_line(path):
    """A change of one row is a change of one line in a diff."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith('  ["') for line in lines) == 9
    assert json.loads(path.read_text(encoding="utf-8"))["rows"][0][1:] == CHAIN.probabilities[0].tolist()


def test_same_chain_matches_and_one_within_atol(path):
    assert_matches_golden(CHAIN, path, atol=0)
    moved = mg.chain_from_table(np.clip(TABLE + np.array([1e-5, -1e-5, 0]), 0, 1), tokens=CHAIN.vocabulary.tokens)
    assert_matches_golden(moved, path, atol=2e-5)
    with pytest.raises(AssertionError, match="9 of 9 differ"):
        assert_matches_golden(moved, path, atol=1e-6)


def test_failure_says_what_changed_and_how_to_update(tmp_path):
    path = save_golden(mg.build_chain(mg.load_model("babygpt", steps=0)), tmp_path / "g.json")
    with pytest.raises(AssertionError) as failure:
        assert_matches_golden(mg.load_model("babygpt", steps=5), path, temperature=0.5)
    text = str(failure.value)
    assert text.startswith(f"The chain of babygpt is not the golden one in {path}")
    assert "weights    others than then" in text
    assert "decoding   none then, temperature 0.5 now" in text
    assert "update     if the change is wanted: pytest --markovgpt-update-golden, or save_golden(chain, path)" in text
    assert f"made with  markovgpt {mg.__version__}, python" in text
    assert ["next", "now", "golden", "diff"] in [line.split() for line in text.splitlines()]


def test_other_shape_is_a_failure_not_an_error(path):
    with pytest.raises(AssertionError, match=r"shape      V=3, K=2, lengths='full' then, V=2, K=1, lengths='full' now"):
        assert_matches_golden(mg.chain_from_table([[0.5, 0.5]] * 2), path)


def test_missing_file_says_how_to_write_it(tmp_path):
    with pytest.raises(ArgumentError, match=r"There is no golden chain at .*none\.json.*--markovgpt-update-golden"):
        assert_matches_golden(CHAIN, tmp_path / "none.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:200], "damaged, or no JSON"),
        (lambda text: f"[{len(text)}]", "another kind of file"),
        (lambda text: json.dumps({"format": text[:9]}), "another kind of file"),
        (lambda text: text.replace('"version": 1', '"version": 9'), "has version 9, and this markovgpt reads 1"),
        (lambda text: text.replace('"context_length": 2', '"context_length": 3'), "damaged"),
        (lambda text: text.replace('"kind": "char"', '"kind": "letter"'), "damaged"),
        (lambda text: text.replace('"lengths": "full"', '"lenths": "full"'), r"damaged \(KeyError"),
        (lambda text: text.replace(repr(float(CHAIN.probabilities[0, 0])), "0.9"), "no probabilities|changed by hand"),
        (lambda text: text.replace('"fingerprint": "', '"fingerprint": "0'), "changed by hand"),
    ],
    ids=["cut", "list", "foreign", "version", "length", "kind", "key", "probability", "fingerprint"],
)
def test_damaged_and_foreign_files_are_one_error(path, change, message):
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(ArgumentError, match=message):
        load_golden(path)


def test_binary_files_are_refused(tmp_path):
    path = tmp_path / "g.json"
    path.write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(ArgumentError, match="No golden chain can be read"):
        load_golden(path)


def test_save_refuses_what_it_cannot_write(tmp_path):
    with pytest.raises(ArgumentError, match=r"A golden chain is a \.json file"):
        save_golden(CHAIN, tmp_path / "g.npz")
    (tmp_path / "file").write_text("")
    with pytest.raises(ArgumentError, match="cannot be written"):
        save_golden(CHAIN, tmp_path / "file" / "g.json")
    large = mg.chain_from_table(np.full((2**17, 2), 0.5))
    with pytest.raises(ArgumentError, match="at most 65,536 states: got 131,072"):
        save_golden(large, tmp_path / "g.json")
