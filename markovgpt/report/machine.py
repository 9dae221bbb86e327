"""How is an analysis written for programs: JSON and NumPy archives?"""

from __future__ import annotations

import json
import math
import platform
from dataclasses import asdict
from importlib.metadata import version
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

import markovgpt
from markovgpt.analysis import StationaryDistribution
from markovgpt.chain import MarkovChain
from markovgpt.chain_files import chain_arrays
from markovgpt.model import model_name
from markovgpt.report.record import Analysis
from markovgpt.sparse_chain import SparseChain

__all__ = ["SCHEMA_VERSION", "document_head", "finite_or_none", "json_report", "npz_report", "program_head", "to_dict"]

SCHEMA_VERSION = 1


def to_dict(analysis: Analysis) -> dict[str, Any]:
    """Every number of an analysis, as JSON holds it. An infinite number (an unproven bound, say) is None.

    ``stationary`` has its fields at the top where there is one recurrent class; where there are several they are None
    there, and ``stationary["by_class"]`` has one record each.
    """
    chain = analysis.chain
    document = document_head(chain)
    document["model"] |= _about_the_model(analysis)
    document["states"] |= _about_the_states(analysis)
    return document | {
        "transitions": _transitions(chain),
        "stationary": _stationary(analysis),
        "ngrams": _ngrams(analysis),
        "lengths": _sequence_lengths(analysis),
        "enumeration": {
            "strategy": chain.origin.strategy,
            "contexts": chain.n_states,
            "model_calls": chain.origin.model_calls,
            "token_positions": chain.origin.token_positions,
            "check_positions": chain.origin.check_positions,
            "seconds": chain.origin.seconds,
            "predicted_seconds": chain.origin.predicted_seconds,
            "rounding": chain.origin.rounding,
            "note": chain.origin.note or None,
        },
    }


def document_head(chain: MarkovChain | SparseChain) -> dict[str, Any]:
    """What every document begins with: which program said it, of which model and states."""
    return program_head() | {
        "options": {"lengths": _lengths(chain), "decoding": asdict(chain.origin.decoding)},
        "fingerprint": chain.fingerprint,
        "n_underflows": chain.origin.n_underflows,
        "model": {
            "name": chain.origin.model,
            "vocab_size": chain.vocab_size,
            "context_length": chain.context_length,
            "tokens": list(chain.vocabulary.tokens),
            "fingerprint": chain.origin.model_fingerprint,
        },
        "states": {"n_states": chain.n_states, "labels": [chain.label(s) for s in range(chain.n_states)]},
    }


def program_head() -> dict[str, Any]:
    """Which program said it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "markovgpt": markovgpt.__version__,
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "scipy", "torch")},
    }


def finite_or_none(x: float) -> float | None:
    """JSON has no infinity."""
    return x if math.isfinite(x) else None


def json_report(analysis: Analysis) -> str:
    """:func:`to_dict` as a JSON document."""
    return json.dumps(to_dict(analysis), ensure_ascii=False, allow_nan=False) + "\n"


def npz_report(analysis: Analysis) -> bytes:
    """The arrays as a compressed NumPy archive.

    The chain as :func:`~markovgpt.save_chain` writes it, so that :func:`~markovgpt.load_chain` reads it:
    ``probabilities`` (n, V), or ``indptr``, ``indices``, ``data``, ``arrow_tokens`` and ``contexts`` of a reachable
    chain; ``cut`` (n,) where there is one. Beside it ``n_underflows`` where it is known; ``labels`` (n,), ``tokens``
    (V,), ``context_length``; ``stationary`` (c, n), one row a recurrent class, and ``error_bounds`` (c,); ``counts``
    (n, V) where there are data.
    """
    chain = analysis.chain
    arrays: dict[str, Any] = {
        **chain_arrays(chain),
        "labels": np.array([chain.label(s) for s in range(chain.n_states)]),
        "tokens": np.array(chain.vocabulary.tokens),
        "context_length": chain.context_length,
    }
    if chain.origin.n_underflows is not None:
        arrays["n_underflows"] = chain.origin.n_underflows
    if analysis.stationary:
        arrays["stationary"] = np.stack([pi.probabilities for pi in analysis.stationary])
        arrays["error_bounds"] = np.array([pi.error_bound for pi in analysis.stationary])
    if analysis.counts is not None:
        arrays["counts"] = analysis.counts.dense(chain.n_states)
    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _lengths(chain: MarkovChain | SparseChain) -> str:
    return "reachable" if isinstance(chain, SparseChain) else chain.states.lengths


def _arrays(chain: MarkovChain | SparseChain) -> dict[str, NDArray[Any]]:
    if isinstance(chain, SparseChain):
        matrix = chain.matrix
        return {
            "indptr": matrix.indptr,
            "indices": matrix.indices,
            "data": matrix.data,
            "arrow_tokens": chain.arrow_tokens,
        }
    return {"probabilities": chain.probabilities}


def _transitions(chain: MarkovChain | SparseChain) -> dict[str, Any]:
    layout = "csr" if isinstance(chain, SparseChain) else "table"
    about = {"unit": "probability", "layout": layout, "row_defect": chain.origin.row_defect}
    return about | {name: array.tolist() for name, array in _arrays(chain).items()}


def _sequence_lengths(analysis: Analysis) -> dict[str, Any] | None:
    lengths = analysis.lengths
    if lengths is None:
        return None
    return {"unit": "steps", "probabilities": lengths.probabilities.tolist(), "remaining": lengths.remaining}


def _about_the_model(analysis: Analysis) -> dict[str, Any]:
    model = analysis.model
    training: Any = getattr(model, "training", None)
    record = None
    if training is not None:
        record = asdict(training) | {"unit": "nats per token", "losses": list(training.losses)}
    return {
        "name": model_name(model),
        "n_parameters": getattr(model, "n_parameters", None),
        "training": record,
    }


def _about_the_states(analysis: Analysis) -> dict[str, Any]:
    chain, classes = analysis.chain, analysis.classes
    return {
        "lengths": _lengths(chain),
        "cut": None if chain.cut is None else chain.cut.tolist(),
        "n_classes": len(classes),
        "irreducible": len(classes) == 1,
        "recurrent_classes": [{"period": c.period, "states": c.states.tolist()} for c in classes.recurrent_classes],
        "n_transient_states": classes.n_transient_states,
        "greedy_ties": analysis.greedy_ties.tolist(),
    }


def _stationary(analysis: Analysis) -> dict[str, Any]:
    records = [_distribution(pi, rate) for pi, rate in zip(analysis.stationary, analysis.entropy_rates, strict=True)]
    several = int(analysis.classes.recurrent.sum()) > 1
    only = dict.fromkeys(_DISTRIBUTION_FIELDS) if several or not records else records[0]
    return {
        "computed": not analysis.not_computed,
        "reason": analysis.not_computed or None,
        "unique": not several,
        **only,
        "by_class": records if several else [],
    }


_DISTRIBUTION_FIELDS = (
    "probabilities",
    "residual",
    "error_bound",
    "relative_error",
    "certified",
    "method",
    "iterations",
    "interrupted",
    "entropy_rate_bits",
)


def _distribution(pi: StationaryDistribution, rate: float) -> dict[str, Any]:
    values = (
        pi.probabilities.tolist(),
        pi.residual,
        finite_or_none(pi.error_bound),
        finite_or_none(pi.relative_error),
        pi.certified,
        pi.method,
        pi.iterations,
        pi.interrupted,
        rate,
    )
    return dict(zip(_DISTRIBUTION_FIELDS, values, strict=True))


def _ngrams(analysis: Analysis) -> dict[str, Any] | None:
    counts, comparison = analysis.counts, analysis.comparison
    if counts is None or comparison is None:
        return None
    return {
        "counts": counts.dense(analysis.chain.n_states).tolist(),
        "n_seen_states": len(counts),
        "seen_states": comparison.states.tolist(),
        "total_variation": comparison.total_variation.tolist(),
        "kl_divergence_bits": [finite_or_none(x) for x in comparison.kl_divergence.tolist()],
        "cross_entropy_bits": finite_or_none(comparison.cross_entropy),
        "conditional_entropy_bits": comparison.conditional_entropy,
    }
