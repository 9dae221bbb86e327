"""Did a model learn what follows each context of its data?"""

from __future__ import annotations

from typing import Any

import numpy as np

from markovgpt.chain import MarkovChain
from markovgpt.comparison.rows import kl_divergence, total_variation
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel
from markovgpt.ngrams import count_ngrams
from markovgpt.testing.assertions.subjects import check_count, check_number, rule_of
from markovgpt.testing.messages import failure, law_table, number
from markovgpt.testing.samples.references import Reference

__all__ = ["assert_matches_ngrams"]


def assert_matches_ngrams(
    chain: MarkovChain | LanguageModel,
    tokens: Any,
    *,
    max_kl: float | None = None,
    max_tv: float | None = None,
    min_count: int = 1,
    **decoding: Any,
) -> None:
    """After every context of its data, the law is near the frequencies of what follows there.

    Exact: nothing is sampled, and it is a distance that is asserted, not a test of significance.

    Parameters
    ----------
    chain : MarkovChain or LanguageModel
        A model is asked about the contexts in the data only.
    tokens : (n,) integers, or several sequences, or a text
        A text is encoded by the vocabulary.
    max_kl, max_tv : float
        ``KL(frequencies || law) <= max_kl`` in bits, or total variation ``<= max_tv``: in every context. Exactly one.
    min_count : int, at least 1
        Contexts that occur less often are left out.
    **decoding
        ``temperature=``, ``top_k=``, ``top_p=``, ``min_p=``.

    Raises
    ------
    AssertionError
        Says in how many contexts, shows the worst.
    ArgumentError
        Both limits or none; data that cannot be counted; no context occurs often enough.

    Examples
    --------
    >>> import markovgpt as mg
    >>> chain = mg.chain_from_table([[0.0, 1.0], [0.5, 0.5]])
    >>> assert_matches_ngrams(chain, [0, 1, 1, 0, 1, 1, 0, 1], max_tv=0.1)
    """
    __tracebackhide__ = True
    if (max_kl is None) == (max_tv is None):
        raise ArgumentError(f"Give one limit, max_kl (bits) or max_tv: got max_kl={max_kl}, max_tv={max_tv}.")
    check_count("min_count", min_count, least=1)
    limit = check_number("max_kl" if max_tv is None else "max_tv", max_kl if max_tv is None else max_tv)
    reference = Reference(chain, rule_of(decoding))
    V, K = reference.vocab_size, reference.context_length
    data = reference.vocabulary.encode(tokens) if isinstance(tokens, str) else tokens
    table = count_ngrams(data, vocab_size=V, context_length=K).full
    kept = np.flatnonzero(table.totals >= min_count)
    if not len(kept):
        raise ArgumentError(
            f"No context of {K} tokens occurs {min_count} times: the most is {int(table.totals.max())}. Lower it."
        )
    weights = V ** np.arange(K - 1, -1, -1, dtype=np.int64)
    contexts = table.contexts[kept][:, None] // weights % V  # (m, K)
    distances = np.empty(len(kept))
    step = max(1, 2**22 // V)
    for begin in range(0, len(kept), step):
        here = slice(begin, begin + step)
        frequencies = _frequencies(table, kept[here], V)
        laws = reference.laws(contexts[here])
        distances[here] = kl_divergence(frequencies, laws) if max_tv is None else total_variation(frequencies, laws)
    bad = ~(distances <= limit)
    if not bad.any():
        return
    totals = table.totals[kept]
    worst = int(np.argmax(distances))
    unit, mean = ("KL", "bits") if max_tv is None else ("TV", "")
    counted = f"{len(kept):,} of {len(table):,} contexts of {K} tokens in the data occur at least {min_count} times"
    raise AssertionError(
        failure(
            f"{reference.name} does not follow its data",
            ("compared", f"{counted}; allowed {unit} {number(limit)} {mean}".rstrip()),
            (
                "contexts",
                f"{int(bad.sum()):,} of {len(kept):,} are farther; mean over the data {unit} "
                f"{number(float(distances @ totals / totals.sum()))} {mean}".rstrip(),
            ),
            (
                "worst",
                f"{unit} {number(distances[worst])} at {reference.vocabulary.label(contexts[worst].tolist())}, "
                f"which occurs {totals[worst]:,} times",
            ),
            law_table(
                reference.vocabulary.names,
                _frequencies(table, kept[worst : worst + 1], V)[0],
                reference.laws(contexts[worst : worst + 1])[0],
                ("data", "model"),
            ),
            ("likely", _likely(distances, totals, bad)),
        )
    )


def _frequencies(table: Any, rows: np.typing.NDArray[np.int64], V: int) -> np.typing.NDArray[np.float64]:
    counts = np.zeros((len(rows), V))
    for i, row in enumerate(rows.tolist()):
        here = slice(int(table.starts[row]), int(table.starts[row + 1]))
        counts[i, table.tokens[here]] = table.counts[here]
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _likely(
    distances: np.typing.NDArray[np.float64],
    totals: np.typing.NDArray[np.int64],
    bad: np.typing.NDArray[np.bool_],
) -> str:
    if np.isinf(distances[bad]).any():
        return "the law excludes tokens that follow in the data: a cut like top-k, or data of another tokenizer"
    if bad.all():
        return "not trained, trained on other data, or tokens are numbered otherwise"
    if totals[bad].max() < np.median(totals):
        return "only rare contexts: a larger min_count, or longer training"
    return ""
