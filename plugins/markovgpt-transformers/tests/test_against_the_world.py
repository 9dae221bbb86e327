"""Do the checks find what AGAINST-THE-WORLD.md says, and nothing in this plugin's own wrapper?"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import tiny
from markovgpt.testing import check_model

import markovgpt_transformers as mt

PLUGIN = Path(__file__).parents[1]


def _check_examples():
    name = "check_examples_transformers"
    spec = importlib.util.spec_from_file_location(name, PLUGIN.parents[1] / "docs" / "check_examples.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses of the file look themselves up here
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
def test_page_shows_what_the_program_says():
    """All examples, from top to bottom."""
    played = _check_examples().play(PLUGIN / "AGAINST-THE-WORLD.md")
    assert len(played) > 20
    wrong = {block.title: problem for block, problem in played.items() if problem}
    assert not wrong, "\n".join(f"{title}\n{problem}" for title, problem in wrong.items())


@pytest.mark.parametrize("architecture", ["gpt2", "llama", "mistral", "gemma2", "mamba", "rwkv"])
def test_wrapper_passes_every_check_it_has_methods_for(architecture):
    """No false alarm in the models of others, through our wrapper."""
    sizes = {"vocab_size": 4, "bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
    model = mt.from_transformers(tiny.network(architecture, **sizes), context_length=3)
    report = check_model(model, n=1000)
    assert report.ok, str(report)
    ran = {result.check for result in report.results if result.outcome == "passed"}
    assert {"deterministic", "batch_rows_independent", "causal", "generate_default_is_chain", "generate_top_p"} <= ran
    assert ("session_after_crop" in ran) == hasattr(model, "session")


def test_report_says_why_there_is_no_session():
    """The recurrent state of an RWKV is not where a cache is: the wrapper knows, and the report says so."""
    sizes = {"vocab_size": 4, "bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
    model = mt.from_transformers(tiny.network("rwkv", **sizes), context_length=3)
    (result,) = check_model(model, only=["session_after_crop"]).results
    assert result.outcome == "skipped"
    assert result.message.startswith("no session: RwkvForCausalLM has no session: ")
