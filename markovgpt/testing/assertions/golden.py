"""Is the chain still the one that was kept?"""

from __future__ import annotations

from os import PathLike
from typing import Any

from markovgpt.chain import MarkovChain
from markovgpt.model import LanguageModel
from markovgpt.testing.assertions.chains import chain_difference
from markovgpt.testing.assertions.subjects import chain_of, rule_of
from markovgpt.testing.golden import load_golden
from markovgpt.testing.messages import failure

__all__ = ["assert_matches_golden"]


def assert_matches_golden(
    chain: MarkovChain | LanguageModel, path: str | PathLike[str], *, atol: float = 1e-6, **decoding: Any
) -> None:
    """Every probability is within ``atol`` of that in a file of :func:`markovgpt.testing.save_golden`.

    Parameters
    ----------
    chain : MarkovChain or LanguageModel
        Of a model the chain of all contexts is built.
    path : path
        Of the golden file.
    atol : float
        Largest difference of a probability.
    **decoding
        ``temperature=``, ``top_k=``, ``top_p=``, ``min_p=``.

    Raises
    ------
    AssertionError
        Says in how many rows they differ, whether the weights are others, and how to update the file.
    ArgumentError
        The file is missing, damaged, or no golden chain.
    """
    __tracebackhide__ = True
    own, golden = chain_of(chain, rule_of(decoding)), load_golden(path)
    kept = golden.chain
    now, before = own.origin.decoding, kept.origin.decoding
    difference = chain_difference(own, kept, atol=atol, names=("now", "golden")) if _same_kind(own, kept) else " "
    if not difference:
        return
    weights = ""
    if own.origin.model_fingerprint and kept.origin.model_fingerprint:
        same = own.origin.model_fingerprint == kept.origin.model_fingerprint
        weights = "the same as then: the computation changed" if same else "others than then"
    shape = f"V={kept.vocab_size}, K={kept.context_length}, lengths={kept.states.lengths!r}"
    other_shape = f"V={own.vocab_size}, K={own.context_length}, lengths={own.states.lengths!r}"
    raise AssertionError(
        failure(
            f"The chain of {own.origin.model} is not the golden one in {path}",
            *([] if difference == " " else difference.splitlines()[1:]),
            ("shape", "" if shape == other_shape else f"{shape} then, {other_shape} now"),
            ("model", "" if kept.origin.model == own.origin.model else f"{kept.origin.model} then"),
            ("weights", weights),
            ("decoding", "" if now == before else f"{before.describe()} then, {now.describe()} now"),
            ("made with", ", ".join(f"{name} {version}" for name, version in golden.versions.items())),
            ("update", "if the change is wanted: pytest --markovgpt-update-golden, or save_golden(chain, path)"),
        )
    )


def _same_kind(a: MarkovChain, b: MarkovChain) -> bool:
    return (a.vocab_size, a.context_length, a.states.lengths) == (b.vocab_size, b.context_length, b.states.lengths)
