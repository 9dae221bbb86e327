"""Does a model keep the rules of a model? Checks and assertions for other people's test suites, with or without pytest.

Names are imported at first use, so that ``import markovgpt.testing`` is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markovgpt.testing.assertions.chains import ApproxChain as ApproxChain
    from markovgpt.testing.assertions.chains import approx_chain as approx_chain
    from markovgpt.testing.assertions.chains import assert_horizon_tv as assert_horizon_tv
    from markovgpt.testing.assertions.chains import assert_same_chain as assert_same_chain
    from markovgpt.testing.assertions.golden import assert_matches_golden as assert_matches_golden
    from markovgpt.testing.assertions.models import assert_causal as assert_causal
    from markovgpt.testing.assertions.models import assert_deterministic as assert_deterministic
    from markovgpt.testing.assertions.ngrams import assert_matches_ngrams as assert_matches_ngrams
    from markovgpt.testing.assertions.order import assert_order as assert_order
    from markovgpt.testing.assertions.patterns import assert_never as assert_never
    from markovgpt.testing.assertions.patterns import assert_reaches as assert_reaches
    from markovgpt.testing.assertions.samples import assert_samples_chain as assert_samples_chain
    from markovgpt.testing.assertions.samples import assert_sequences_from as assert_sequences_from
    from markovgpt.testing.assertions.sessions import assert_session_matches as assert_session_matches
    from markovgpt.testing.assertions.structure import assert_aperiodic as assert_aperiodic
    from markovgpt.testing.assertions.structure import assert_irreducible as assert_irreducible
    from markovgpt.testing.assertions.structure import assert_no_trap as assert_no_trap
    from markovgpt.testing.assertions.structure import assert_stationary as assert_stationary
    from markovgpt.testing.assertions.tables import assert_stochastic as assert_stochastic
    from markovgpt.testing.causes.mistakes import wrong_rules as wrong_rules
    from markovgpt.testing.checks import CHECKS as CHECKS
    from markovgpt.testing.checks import Check as Check
    from markovgpt.testing.conformance import CheckReport as CheckReport
    from markovgpt.testing.conformance import check_model as check_model
    from markovgpt.testing.golden import Golden as Golden
    from markovgpt.testing.golden import load_golden as load_golden
    from markovgpt.testing.golden import save_golden as save_golden
    from markovgpt.testing.mutants import CAUGHT_BY as CAUGHT_BY
    from markovgpt.testing.mutants import MUTANTS as MUTANTS
    from markovgpt.testing.observers import reports_to as reports_to
    from markovgpt.testing.order.search import find_order as find_order
    from markovgpt.testing.order.verdicts import Counterexample as Counterexample
    from markovgpt.testing.order.verdicts import OrderVerdict as OrderVerdict
    from markovgpt.testing.parametrized import ModelCheck as ModelCheck
    from markovgpt.testing.parametrized import parametrize_with_checks as parametrize_with_checks
    from markovgpt.testing.running import CheckResult as CheckResult
    from markovgpt.testing.running import run_check as run_check
    from markovgpt.testing.samples.judgement import judge_samples as judge_samples
    from markovgpt.testing.samples.verdicts import Likely as Likely
    from markovgpt.testing.samples.verdicts import SampleVerdict as SampleVerdict

_HOME = {
    "ApproxChain": "assertions.chains",
    "CAUGHT_BY": "mutants",
    "CHECKS": "checks",
    "Check": "checks",
    "CheckReport": "conformance",
    "CheckResult": "running",
    "Counterexample": "order.verdicts",
    "Golden": "golden",
    "Likely": "samples.verdicts",
    "MUTANTS": "mutants",
    "ModelCheck": "parametrized",
    "OrderVerdict": "order.verdicts",
    "SampleVerdict": "samples.verdicts",
    "approx_chain": "assertions.chains",
    "assert_aperiodic": "assertions.structure",
    "assert_causal": "assertions.models",
    "assert_deterministic": "assertions.models",
    "assert_horizon_tv": "assertions.chains",
    "assert_irreducible": "assertions.structure",
    "assert_matches_golden": "assertions.golden",
    "assert_matches_ngrams": "assertions.ngrams",
    "assert_never": "assertions.patterns",
    "assert_no_trap": "assertions.structure",
    "assert_order": "assertions.order",
    "assert_reaches": "assertions.patterns",
    "assert_same_chain": "assertions.chains",
    "assert_samples_chain": "assertions.samples",
    "assert_sequences_from": "assertions.samples",
    "assert_session_matches": "assertions.sessions",
    "assert_stationary": "assertions.structure",
    "assert_stochastic": "assertions.tables",
    "check_model": "conformance",
    "find_order": "order.search",
    "judge_samples": "samples.judgement",
    "load_golden": "golden",
    "parametrize_with_checks": "parametrized",
    "reports_to": "observers",
    "run_check": "running",
    "save_golden": "golden",
    "wrong_rules": "causes.mistakes",
}
"""Public name to the module that defines it."""

__all__ = [*_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'markovgpt.testing' has no attribute {name!r}")
    value = getattr(import_module(f"markovgpt.testing.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
