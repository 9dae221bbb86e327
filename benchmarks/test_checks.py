"""What do the checks cost, how often do they cry wolf, and do they find every mutant with every seed?

``--clean-models 300`` takes so many random models that are right, ``--seeds 20`` so many seeds for every mutant.
"""

import numpy as np
import pytest
import torch
from clean_models import clean_model

from markovgpt.models.mingpt import MinGPTConfig
from markovgpt.testing import CAUGHT_BY, CHECKS, MUTANTS, check_model
from markovgpt.testing.mutants import SoundModel


def transformer(vocab_size, context_length):
    from gpts import random_gpt

    config = MinGPTConfig(vocab_size=vocab_size, context_length=context_length, n_layer=2, n_head=2, n_embd=16)
    return random_gpt(config)


MODELS = {
    "27 states, NumPy": lambda: SoundModel(3, 3),
    "27 states, transformer": lambda: transformer(3, 3),
    "4,096 states, NumPy": lambda: SoundModel(4, 6),
    "4,096 states, transformer": lambda: transformer(4, 6),
}


@pytest.mark.benchmark(group="check: all checks of a model")
@pytest.mark.parametrize("which", MODELS)
def test_suite(benchmark, which):
    model = MODELS[which]()
    report = benchmark.pedantic(check_model, args=(model,), rounds=1, warmup_rounds=0)
    slowest = max(report.results, key=lambda result: result.seconds)
    benchmark.extra_info.update(
        {
            "method": which,
            "checks that ran": sum(result.outcome != "skipped" for result in report.results),
            "slowest": slowest.check,
            "its share": slowest.seconds / sum(result.seconds for result in report.results),
            "threads": torch.get_num_threads(),
        }
    )
    assert report.ok, str(report)


@pytest.mark.benchmark(group="check: right models")
@pytest.mark.timeout(3600)  # of as many models, or seeds, as are asked for
def test_no_false_alarm(benchmark, request):
    n = request.config.getoption("clean_models")

    def alarms():
        return {seed: check_model(clean_model(seed), seed=seed) for seed in range(n)}

    reports = benchmark.pedantic(alarms, rounds=1, warmup_rounds=0)
    ran = sum(result.outcome != "skipped" for report in reports.values() for result in report.results)
    alarms_raised = sum(result.outcome == "failed" for report in reports.values() for result in report.results)
    benchmark.extra_info.update({"method": f"{n} random ones", "checks that ran": ran, "false alarms": alarms_raised})
    assert {seed: str(report) for seed, report in reports.items() if not report.ok} == {}


@pytest.mark.benchmark(group="check: wrong models")
@pytest.mark.timeout(3600)  # of as many models, or seeds, as are asked for
def test_every_mutant_is_caught_with_every_seed(benchmark, request):
    seeds = range(request.config.getoption("seeds"))

    def rows():
        return {(name, seed): check_model(MUTANTS[name](), seed=seed) for name in MUTANTS for seed in seeds}

    reports = benchmark.pedantic(rows, rounds=1, warmup_rounds=0)
    wrong = {}
    for (name, seed), report in reports.items():
        caught = {result.check for result in report.results if result.outcome in ("failed", "noted")}
        if caught != set(CAUGHT_BY[name]):
            wrong[name, seed] = sorted(caught ^ set(CAUGHT_BY[name]))
    benchmark.extra_info.update(
        {
            "method": f"{len(MUTANTS)} mutants, {len(seeds)} seeds",
            "checks": len(CHECKS),
            "runs": len(reports),
            "runs not caught by exactly their checks": len(wrong),
        }
    )
    assert wrong == {}


@pytest.mark.benchmark(group="check: one wrong row of 27")
@pytest.mark.parametrize("n", [2_000, 20_000])
@pytest.mark.parametrize("distance", [0.02, 0.04, 0.08])
def test_power(benchmark, distance, n):
    """How often one wrong row of 27 is found: ``found`` of 20 seeds."""

    class OneRow(SoundModel):
        def generate(self, prompts, n, *, seed, **options):
            tokens = np.array(prompts)
            rng = np.random.default_rng(seed)
            for _ in range(n):
                laws = self.law(self.network(self.window(tokens))[:, -1], **options)
                rows = (tokens[:, -3:] == [1, 0, 1]).all(axis=1)
                laws[rows] += np.array([distance, -distance, 0.0]) * np.sign(laws[rows][:, 1:2] - distance)
                tokens = np.concatenate([tokens, self.draw(laws, rng)[:, None]], axis=1)
            return tokens

    def found():
        reports = [check_model(OneRow(), only=["generate_default_is_chain"], seed=seed, n=n) for seed in range(20)]
        return sum(not report.ok for report in reports)

    n_found = benchmark.pedantic(found, rounds=1)
    benchmark.extra_info.update({"method": f"TV {distance:g}, {n:,} prompts", "found": f"{n_found} of 20"})
