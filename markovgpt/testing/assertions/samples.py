"""Does a sampler draw from the chain, do recorded tokens come from it?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel
from markovgpt.samplers import call_sampler
from markovgpt.testing.assertions.subjects import check_count, rule_of
from markovgpt.testing.causes.diagnosis import diagnose
from markovgpt.testing.causes.evidence import evidence_of
from markovgpt.testing.causes.modes import said_of_mode
from markovgpt.testing.messages import failure
from markovgpt.testing.samples.judgement import judge_samples
from markovgpt.testing.samples.references import Reference
from markovgpt.testing.settings import DEFAULTS, resolved

__all__ = ["assert_samples_chain", "assert_sequences_from", "prompts_for"]

Integers = NDArray[np.int64]
Generate = Callable[..., Any]

_EACH = 80  # prompts of one context, where not every context can be a prompt


def assert_samples_chain(
    generate: Generate,
    model: MarkovChain | LanguageModel,
    *,
    n: int | None = None,
    length: int = 4,
    seed: int | None = None,
    alpha: float | None = None,
    prompts: Sequence[Any] | None = None,
    **decoding: Any,
) -> None:
    """A sampler draws from the exact law of the model, in every state: G-test per state, Holm.

    Called once, as ``generate(prompts, length, seed=seed, **decoding)``. One that takes no seed draws from the random
    numbers of torch, NumPy and Python, which are seeded for the call; a method of a torch module that takes none is
    given a tensor. A right sampler fails with a probability of at most ``alpha``; a draw of probability 0 fails at
    once. The test is never repeated: one that failed may call the sampler again, with shorter prompts, only to say
    where it goes wrong.

    Parameters
    ----------
    generate : callable
        Gets prompts ``(n, K)`` int64 and the number of tokens to draw; returns ``(n, K + length)``, or ``(n, length)``
        without the prompts, as an array, a tensor or lists.
    model : MarkovChain or LanguageModel
        What it should draw from, undecoded. A model is asked about the visited contexts only: V^K may be any number.
    n : int, at least 1, optional
        Prompts: 20,000, or what pytest was told. All contexts in turn where there are at most n of them; otherwise
        random ones, 80 times each.
    length : int, at least 1
        Tokens drawn after each.
    seed : int, at least 0, optional
        Given to ``generate``, and of the random prompts: 0, or what pytest was told.
    alpha : float, 0 < alpha < 1, optional
        Probability of a false alarm: 1e-6, or what pytest was told.
    prompts : labels or token rows, optional
        Contexts to begin from, in turn.
    **decoding
        ``temperature=`` (0: greedy), ``top_k=``, ``top_p=``, ``min_p=``: given to ``generate``, and applied to the law.

    Raises
    ------
    AssertionError
        The tokens do not come from the chain, or what was returned does not continue the prompts.
    ArgumentError
        The call is wrong.

    Examples
    --------
    >>> import markovgpt as mg
    >>> model = mg.load_model("babygpt", steps=0)
    >>> assert_samples_chain(model.generate, model, n=2000, temperature=0.7)
    """
    __tracebackhide__ = True
    used = resolved(n=n, seed=seed, alpha=alpha)
    n, seed = used.n, used.seed
    check_count("length", length, least=1)
    rule = rule_of(decoding)
    reference = Reference(model, rule)
    name = _name(generate)
    given = prompts_for(model, n, seed=seed, prompts=prompts)  # (n, K)
    answer = call_sampler(generate, given.copy(), length, seed=seed, **decoding)
    sequences = _continued(answer, given, length, name)
    verdict = judge_samples(model, sequences, alpha=used.alpha, decoding=rule, rules={})
    if verdict.ok:
        return
    asked = None if isinstance(model, MarkovChain) else model
    evidence = evidence_of(reference, sequences, length, model=asked)
    if evidence is not None:

        def again(prompts: Integers, length: int) -> Integers:
            drawn = call_sampler(generate, prompts.copy(), length, seed=used.seed, **decoding)
            return _continued(drawn, prompts, length, name)

        def suspected(*_: Any) -> str:
            return said_of_mode(getattr(generate, "__self__", None)) or said_of_mode(model)

        found = diagnose(evidence, used.alpha, again=again, n=used.n, seed=used.seed, suspect=suspected)
        verdict = replace(verdict, likely=found.likely, facts=found.facts)
    options = "".join(f", {option}={value!r}" for option, value in decoding.items())
    worst = f", prompts=[{verdict.labels[verdict.rejected[0]]!r}]" if len(verdict.rejected) else ""
    drawn = f"n={n}, length={1 if worst else length}, seed={seed}"
    drawn += "" if used.alpha == DEFAULTS.alpha else f", alpha={used.alpha:g}"
    raise AssertionError(
        verdict.message(
            sampler=name,
            seed=seed,
            reproduce=f"assert_samples_chain({name}, {reference.name}, {drawn}{options}{worst})",
        )
    )


def assert_sequences_from(
    chain: MarkovChain | LanguageModel,
    sequences: Any,
    *,
    alpha: float | None = None,
    prompt_length: int | None = None,
    **decoding: Any,
) -> None:
    """Recorded tokens come from a chain: the same judgement, without a callable.

    Parameters
    ----------
    chain : MarkovChain or LanguageModel
        What they should come from, undecoded.
    sequences : (m, K + n) integers, or a list of sequences of different lengths
        The first K tokens of each (or ``prompt_length``) are given, every further one is one draw.
    alpha : float, 0 < alpha < 1, optional
        Probability of a false alarm: 1e-6, or what pytest was told.
    prompt_length : int, optional
        As for :func:`markovgpt.testing.judge_samples`.
    **decoding
        ``temperature=``, ``top_k=``, ``top_p=``, ``min_p=``: the rule they were drawn by.

    Raises
    ------
    AssertionError
        They do not: which states, how far, what is likely.
    ArgumentError
        They are no sequences of tokens.
    """
    __tracebackhide__ = True
    verdict = judge_samples(chain, sequences, alpha=alpha, decoding=rule_of(decoding), prompt_length=prompt_length)
    if not verdict.ok:
        raise AssertionError(verdict.message(sampler="the recording"))


def prompts_for(
    model: MarkovChain | LanguageModel, n: int, *, seed: int, prompts: Sequence[Any] | None = None
) -> Integers:
    """Prompts of K tokens, ``(n, K)``: all contexts in turn, or random ones 80 times each, or those that are given.

    Raises
    ------
    ArgumentError
        A prompt that is no context of K tokens.
    """
    reference = Reference(model)
    V, K = reference.vocab_size, reference.context_length
    if prompts is not None:
        if isinstance(prompts, str) or not _all_rows(prompts):
            raise ArgumentError(
                f"prompts is a list of contexts, each a label or a row of {K} tokens: got {prompts!r}.", prompts=prompts
            )
        rows = [reference.vocabulary.parse(p) if isinstance(p, str) else tuple(p) for p in prompts]
        bad = [row for row in rows if len(row) != K or not all(0 <= token < V for token in row)]
        if bad or not rows:
            raise ArgumentError(f"Prompts are contexts of {K} tokens from 0..{V - 1}: got {bad[0] if bad else 'none'}.")
        given: Integers = np.array(rows, dtype=np.int64)[np.arange(n) % len(rows)]
        return given
    if K * np.log2(V) <= np.log2(n):
        weights = V ** np.arange(K - 1, -1, -1, dtype=np.int64)
        every: Integers = (np.arange(n, dtype=np.int64) % V**K)[:, None] // weights % V
        return every
    contexts = np.random.default_rng(seed).integers(0, V, size=(max(1, n // _EACH), K))
    drawn: Integers = contexts[np.arange(n) % len(contexts)]
    return drawn


def _all_rows(prompts: Any) -> bool:
    return isinstance(prompts, Iterable) and all(isinstance(row, Iterable) for row in prompts)


def _continued(answer: Any, prompts: Integers, length: int, name: str) -> Integers:
    """What was returned, with the prompts in front: ``(n, K + length)``."""
    given = answer.detach().cpu().numpy() if hasattr(answer, "detach") else answer
    try:
        tokens = np.asarray(given)
    except ValueError:  # rows of different lengths
        tokens = np.empty(0)
    n, K = prompts.shape
    wanted = f"expected ({n}, {K + length}), prompts included, or ({n}, {length})"
    if tokens.ndim != 2 or len(tokens) != n or tokens.shape[1] not in (K + length, length):
        likely = "it stops at an end token: pad, or judge recorded sequences with assert_sequences_from"
        raise AssertionError(
            failure(
                f"{name} does not return {length} tokens a prompt",
                ("returned", f"shape {tokens.shape if tokens.ndim == 2 else 'none'}, {wanted}"),
                ("likely", likely),
            )
        )
    if not np.issubdtype(tokens.dtype, np.integer):
        raise AssertionError(failure(f"{name} does not return tokens", ("returned", f"numbers of {tokens.dtype}")))
    whole = tokens.astype(np.int64)
    if tokens.shape[1] == length and (length != K + length):
        return np.concatenate([prompts, whole], axis=1)
    changed = (whole[:, :K] != prompts).any(axis=1)
    if changed.any():
        row = int(np.argmax(changed))
        raise AssertionError(
            failure(
                f"{name} does not continue its prompts",
                ("rows", f"{int(changed.sum())} of {n} begin with other tokens than their prompt"),
                ("first", f"row {row}: prompt {prompts[row].tolist()}, returned {whole[row].tolist()}"),
                ("likely", "rows of the batch are mixed, or the prompt is cut"),
            )
        )
    return whole


def _name(generate: Generate) -> str:
    name = str(getattr(generate, "__qualname__", type(generate).__name__))
    return name.rpartition("<locals>.")[2].replace("<lambda>", "the sampler")
