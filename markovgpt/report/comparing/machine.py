"""How is a comparison with data written for programs?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from markovgpt.analysis import MixingTime
from markovgpt.comparison import HeldOutPart, LongRunBehaviour, UnseenState
from markovgpt.decoding import Decoding
from markovgpt.model import LanguageModel, vocabulary_of
from markovgpt.report.comparing.record import DataReport
from markovgpt.report.machine import finite_or_none, program_head

__all__ = ["data_to_dict"]


def data_to_dict(report: DataReport, model: LanguageModel) -> dict[str, Any]:
    """Every number of a comparison, as JSON holds it; what is infinite is None."""
    chain, vocabulary = report.chain, vocabulary_of(model)
    decoding = Decoding() if chain is None else chain.origin.decoding
    return program_head() | {
        "options": {"decoding": asdict(decoding)},
        "fingerprint": None if chain is None else chain.fingerprint,
        "model": {
            "name": report.name,
            "vocab_size": len(vocabulary),
            "context_length": int(model.context_length),
            "tokens": list(vocabulary.tokens),
            "fingerprint": str(getattr(model, "fingerprint", "")),
        },
        "data": _data(report),
        "total": _total(report),
        "contexts": _contexts(report, model),
        "ngrams": [
            {
                "order": row.order,
                "smoothing": row.smoothing,
                "training_bits": finite_or_none(row.training_bits),
                "heldout_bits": None if row.heldout_bits is None else finite_or_none(row.heldout_bits),
            }
            for row in report.baselines
        ],
        "heldout": _heldout(report),
        "long_run": _long_run(report),
        "not_computed": report.not_computed or None,
        "unseen": _unseen(report),
    }


def _data(report: DataReport) -> dict[str, Any]:
    counts, found = report.counts, report.comparison
    return {
        "source": report.source,
        "trained_on": report.trained_on,
        "n_tokens": counts.n_tokens,
        "n_sequences": counts.n_sequences,
        "n_gaps": counts.n_gaps,
        "circular": counts.circular,
        "n_compared": found.n_tokens,
        "n_left_out": found.n_left_out,
        "n_contexts": found.n_contexts,
        "n_seen": found.n_seen,
        "n_rare": found.n_rare,
        "rare_below": found.rare_below,
    }


def _total(report: DataReport) -> dict[str, Any]:
    found = report.comparison
    return {
        "cross_entropy_bits": finite_or_none(found.cross_entropy),
        "conditional_entropy_bits": found.conditional_entropy,
        "excess_bits": finite_or_none(found.excess),
        "data_entropies_bits": found.data_entropies.tolist(),
        "excess_by_order_bits": [finite_or_none(value) for value in found.excess_by_order.tolist()],
        "told_bits": found.told.tolist(),
        "not_learned_bits": [finite_or_none(value) for value in found.missing.tolist()],
        "greedy_agreement": found.greedy_agreement,
    }


def _contexts(report: DataReport, model: LanguageModel) -> dict[str, Any]:
    found, vocabulary = report.comparison, vocabulary_of(model)
    columns: dict[str, Any] = {
        "label": [vocabulary.label(found.context(place)) for place in range(len(found))],
        "state": found.states.tolist(),
        "count": found.counts.tolist(),
        "rare": found.rare.tolist(),
        "total_variation": found.total_variation.tolist(),
        "kl_bits": [finite_or_none(value) for value in found.kl_divergence.tolist()],
        "reverse_kl_bits": [finite_or_none(value) for value in found.reverse_kl.tolist()],
        "jensen_shannon_bits": found.jensen_shannon.tolist(),
        "excess_bits": [finite_or_none(value) for value in found.excess_bits.tolist()],
        "greedy_agrees": found.greedy_agrees.tolist(),
    }
    if found.significance is not None:
        columns |= {
            "g": [finite_or_none(value) for value in found.significance.statistics.tolist()],
            "p_value": found.significance.p_values.tolist(),
            "p_adjusted": found.significance.adjusted.tolist(),
            "p_method": found.significance.methods.tolist(),
        }
    return columns


def _heldout(report: DataReport) -> dict[str, Any] | None:
    found = report.heldout
    if found is None:
        return None
    return {
        "best": {"order": found.best.order, "smoothing": found.best.smoothing},
        "n_left_out": found.n_left_out,
        "n_gaps": report.heldout_gaps,
        **{name: _part(getattr(found, name)) for name in ("everything", "seen", "unseen")},
    }


def _part(part: HeldOutPart) -> dict[str, Any]:
    return {
        "n_tokens": part.n_tokens,
        "share": part.share,
        "model_bits": finite_or_none(part.model_bits),
        "ngram_bits": finite_or_none(part.baseline_bits),
        "excess_bits": finite_or_none(part.excess),
    }


def _long_run(report: DataReport) -> dict[str, Any] | None:
    run, own = report.long_run, report.own
    if run is None or own is None:
        return None
    return {
        "certified": run.certified,
        "error_bound": finite_or_none(own.stationary.error_bound),
        "unseen_mass": run.unseen_mass,
        "gram_distances": run.gram_distances.tolist(),
        "calibration_gap_bits": finite_or_none(run.calibration_gap),
        "kl_rate_bits": None if run.data is None else finite_or_none(run.data.kl_rate),
        "edge_effect": None if run.data is None else run.data.edge_effect,
        "data_stationary": None if run.data is None else run.data.stationary.tolist(),
        "data_undefined": run.data_undefined or None,
        "model": _behaviour(own),
        "data": None if report.data is None else _behaviour(report.data),
    }


def _behaviour(side: LongRunBehaviour) -> dict[str, Any]:
    return {
        "entropy_rate_bits": side.entropy_rate,
        "conditional_entropies_bits": side.conditional_entropies.tolist(),
        "effective_order": side.effective_order,
        "mixing_time": _mixing(side.mixing),
        "greedy_loops": [side.loops[number].text for number in range(len(side.loops))],
    }


def _mixing(found: MixingTime) -> dict[str, Any]:
    return {
        "eps": found.eps,
        "lower": finite_or_none(found.lower),
        "upper": finite_or_none(found.upper),
        "reason": found.reason or None,
    }


def _unseen(report: DataReport) -> dict[str, Any] | None:
    found = report.unseen
    if found is None:
        return None
    return {
        "n_states": len(found.states),
        "mass": found.mass,
        "best": found.best.name,
        "best_by_time": None if found.best_weighted is None else found.best_weighted.name,
        "laws": [
            {
                "name": law.name,
                "n_contexts": law.n_defined,
                "total_variation": law.total_variation,
                "jensen_shannon_bits": law.jensen_shannon,
                "total_variation_by_time": law.weighted_total_variation,
                "jensen_shannon_bits_by_time": law.weighted_jensen_shannon,
            }
            for law in found.candidates
        ],
        "explained": [_explained(report, state) for state in report.explained],
    }


def _explained(report: DataReport, state: UnseenState) -> dict[str, Any]:
    return {
        "state": state.state,
        "label": "" if report.chain is None else report.chain.label(state.state),
        "model": state.model.tolist(),
        "laws": [
            {"name": name, "probabilities": law, "n_tokens": n_tokens, "total_variation": distance}
            for name, law, n_tokens, distance in zip(
                state.names, state.laws.tolist(), state.evidence.tolist(), state.total_variation.tolist(), strict=True
            )
        ],
    }
