"""Is the plugin found by its name, does it keep the protocol, and are its numbers those of a hand calculation?"""

from __future__ import annotations

import subprocess
import sys
from math import log2

import markovgpt as mg
import numpy as np
import pytest
from markovgpt.testing import parametrize_with_checks

from markovgpt_example import noisy_copy


def test_plugin_is_found_by_name_with_options_as_text():
    """What `markovgpt analyze --model example -M noise=0.25 -M context_length=4` does."""
    model = mg.load_model("example", noise="0.25", context_length="4")
    assert model == noisy_copy(noise=0.25, context_length=4)


@parametrize_with_checks([noisy_copy(), noisy_copy(noise=0, vocab_size=5, context_length=2)])
def test_model_keeps_the_rules(check):
    """Shapes, no memory between calls, rows that do not see each other, and what else every model must do."""
    check()


@pytest.mark.parametrize("noise", [0.01, 0.3, 1.0])
def test_every_context_is_equally_likely_and_the_entropy_is_that_of_one_slip(noise):
    """K interleaved chains that each stay with 1 - noise + noise/V: uniform, and -sum p log p bits a token."""
    V, K = 3, 2
    chain = mg.build_chain(noisy_copy(noise=noise, vocab_size=V, context_length=K))
    pi = mg.stationary_distribution(chain)
    np.testing.assert_allclose(pi.probabilities, V**-K, rtol=1e-12)
    stay, slip = 1 - noise + noise / V, noise / V
    assert mg.entropy_rate(chain, pi) == pytest.approx(-stay * log2(stay) - (V - 1) * slip * log2(slip), rel=1e-12)


@pytest.mark.parametrize(("V", "K", "necklaces"), [(2, 3, 4), (2, 4, 6), (3, 3, 11)])
def test_recurrent_classes_without_noise_are_necklaces(V, K, necklaces):
    """V-coloured necklaces of K beads, counted by (1/K) sum over d | K of phi(d) V^(K/d)."""
    chain = mg.build_chain(noisy_copy(noise=0, vocab_size=V, context_length=K))
    assert len(mg.recurrent_classes(chain)) == necklaces


@pytest.mark.parametrize("noise", [-0.1, 1.5, float("nan")])
def test_noise_is_refused_when_it_is_no_probability(noise):
    with pytest.raises(mg.ArgumentError, match="noise is a probability, from 0 to 1: got"):
        noisy_copy(noise=noise)


def test_command_line_analyses_the_plugin():
    """Wrong options say which are known; exit code 2 is wrong use."""
    command = [sys.executable, "-m", "markovgpt", "analyze", "--model", "example", "-M"]
    done = subprocess.run([*command, "noise=0.1"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "entropy rate  0.286397 bits per token" in done.stdout
    wrong = subprocess.run([*command, "nois=0.1"], capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "Did you mean noise? It takes noise, vocab_size, context_length." in wrong.stderr
