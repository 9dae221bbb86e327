"""How are stationary distributions written for programs: JSON and NumPy archives?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np

from markovgpt.analysis import StationaryDistribution
from markovgpt.errors import NotComputedError
from markovgpt.report.ends import ends_to_list
from markovgpt.report.machine import document_head, finite_or_none
from markovgpt.report.stationary import StationaryReport
from markovgpt.report.sweep import Sweep

__all__ = ["laws_json", "laws_npz", "laws_to_dict", "sweep_to_dict"]


def laws_to_dict(report: StationaryReport) -> dict[str, Any]:
    """Every number of a report, as JSON holds it. An infinite number (an unproven bound, say) is None."""
    chain, classes = report.chain, report.classes
    document = document_head(chain)
    document["options"] |= {
        "tolerance": report.tolerance,
        "extended": any(pi.extended is not None for pi in report.stationary),
    }
    document["states"] |= {
        "n_classes": len(classes),
        "irreducible": len(classes) == 1,
        "n_transient_states": classes.n_transient_states,
    }
    return document | {
        "certified": report.certified,
        "interrupted": report.interrupted,
        "seconds": report.seconds,
        "stationary": [_law(pi, rate) for pi, rate in zip(report.stationary, report.entropy_rates, strict=True)],
        "absorption": ends_to_list(report.ends),
    }


def sweep_to_dict(sweep: Sweep, *, interrupted: bool = False) -> dict[str, Any]:
    """One document a temperature, in a list; and which temperatures have none, with the reason."""
    documents = [laws_to_dict(report) for _, report in sweep if isinstance(report, StationaryReport)]
    shared = ("schema_version", "markovgpt", "versions", "model")
    certified = all(document["certified"] for document in documents) and len(documents) == len(sweep)
    return {
        **{key: documents[0][key] for key in shared},
        "certified": certified and not interrupted,
        "interrupted": interrupted,
        "sweep": documents,
        "not_computed": [
            {"temperature": temperature, "reason": str(error)}
            for temperature, error in sweep
            if isinstance(error, NotComputedError)
        ],
    }


def laws_json(document: dict[str, Any]) -> str:
    """One of these as a JSON document."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n"


def laws_npz(reports: Sequence[StationaryReport]) -> bytes:
    """The arrays as a compressed NumPy archive, one row a temperature and recurrent class.

    ``stationary`` (r, n), ``error_bounds`` (r,), ``relative_errors`` (r,), ``entropy_rates_bits`` (r,),
    ``temperatures`` (r,); ``labels`` (n,), ``tokens`` (V,), ``context_length``. All reports are of the same states.
    """
    chain = reports[0].chain
    rows = [(report, i) for report in reports for i in range(len(report.stationary))]
    arrays: dict[str, Any] = {
        "stationary": np.stack([report.stationary[i].probabilities for report, i in rows]),
        "error_bounds": np.array([report.stationary[i].error_bound for report, i in rows]),
        "relative_errors": np.array([report.stationary[i].relative_error for report, i in rows]),
        "entropy_rates_bits": np.array([report.entropy_rates[i] for report, i in rows]),
        "temperatures": np.array([report.chain.origin.decoding.temperature for report, _ in rows]),
        "labels": np.array([chain.label(s) for s in range(chain.n_states)]),
        "tokens": np.array(chain.vocabulary.tokens),
        "context_length": chain.context_length,
    }
    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _law(pi: StationaryDistribution, rate: float) -> dict[str, Any]:
    return {
        "states": pi.states.tolist(),
        "period": pi.period,
        "probabilities": pi.probabilities[pi.states].tolist(),
        "extended_digits": _extended_digits(pi),
        "extended_relative_error": None if pi.extended is None else finite_or_none(pi.extended.relative_error),
        "residual": pi.residual,
        "error_bound": finite_or_none(pi.error_bound),
        "relative_error": finite_or_none(pi.relative_error),
        "certified": pi.certified,
        "method": pi.method,
        "iterations": pi.iterations,
        "interrupted": pi.interrupted,
        "entropy_rate_bits": rate,
    }


def _extended_digits(pi: StationaryDistribution) -> list[str | None] | None:
    """As many digits as are proven, a text a state of the class; None for a state without one."""
    if pi.extended is None:
        return None
    digits: list[str | None] = []
    for place in range(len(pi.states)):
        try:
            digits.append(pi.extended.digits(place))
        except NotComputedError:
            digits.append(None)
    return digits
