"""Which chain do the data themselves make, and where would it spend its time?"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from markovgpt.analysis import StationaryDistribution, communicating_classes, stationary_distribution
from markovgpt.errors import ReducibleChainError
from markovgpt.model import Progress
from markovgpt.ngrams import CountTable
from markovgpt.origin import Origin
from markovgpt.sparse_chain import END, SparseChain
from markovgpt.vocabulary import Vocabulary

__all__ = ["chain_of_counts", "long_run_of_counts"]


def chain_of_counts(table: CountTable, *, context_length: int) -> SparseChain:
    """The chain that draws the next token as it followed in the data: maximum likelihood, over the contexts in them.

    A context that stands only at the end of a sequence has no next token: it leads to ``"(end)"``.

    Parameters
    ----------
    table : CountTable
        m contexts of K tokens.
    context_length : int
        K.

    Examples
    --------
    >>> from markovgpt import count_ngrams
    >>> counts = count_ngrams([0, 1, 0, 0, 2], vocab_size=3, context_length=1)
    >>> chain = chain_of_counts(counts.full, context_length=1)
    >>> [chain.label(s) for s in range(chain.n_states)], chain.row("0").round(4).tolist()
    (['0', '1', '2', '(end)'], [0.3333, 0.3333, 0.3333])
    """
    V, K = table.vocab_size, context_length
    targets = (table.contexts[table.row_of] % V ** (K - 1)) * V + table.tokens  # (e,) contexts
    contexts = np.union1d(table.contexts, targets)  # (n',) all that occur
    ends = np.flatnonzero(table.find(contexts) < 0)  # (d,)
    n = len(contexts)
    sources = np.concatenate([np.searchsorted(contexts, table.contexts)[table.row_of], ends])
    columns = np.concatenate([np.searchsorted(contexts, targets), np.full(len(ends), n)])
    weights = np.concatenate([table.frequencies, np.ones(len(ends))])
    tokens = np.concatenate([table.tokens, np.full(len(ends), -1)])
    order = np.argsort(sources, kind="stable")  # within a row by token, and so by context
    if len(ends):
        order = np.append(order, len(order))
        sources, columns = np.append(sources, n), np.append(columns, n)
        weights, tokens = np.append(weights, 1.0), np.append(tokens, -1)
        n += 1
    starts = np.concatenate(([0], np.cumsum(np.bincount(sources, minlength=n))))  # (n + 1,)
    matrix = csr_array((weights[order], columns[order], starts), shape=(n, n))
    matrix.has_sorted_indices = True
    digits = V ** np.arange(K - 1, -1, -1, dtype=np.int64)  # (K,)
    return SparseChain(
        matrix=matrix,
        arrow_tokens=tokens[order],
        contexts=contexts[:, None] // digits % V,
        special=(END,) if len(ends) else (),
        cut=np.zeros(n),
        vocabulary=Vocabulary.numbered(V),
        origin=Origin(model="data"),
    )


def long_run_of_counts(
    table: CountTable, *, context_length: int, progress: Progress | None = None
) -> StationaryDistribution:
    """The stationary distribution of the chain of the data, over the m contexts of the table.

    One sequence whose last context was seen before makes a chain with one recurrent class: what is seen at the
    beginning only is left for good, and has probability 0. Of circular counts it is how often each context occurs.

    Raises
    ------
    ReducibleChainError
        The data lead to a context that nothing follows, or to several recurrent classes: they do not say where the
        chain would spend its time.
    """
    chain = chain_of_counts(table, context_length=context_length)
    remedy = "Count with circular=True (--circular): then the first token of every sequence follows its last."
    if chain.special:
        last = np.flatnonzero(chain.arrow_tokens[chain.matrix.indptr[:-1]] < 0)[:-1]  # (d,) all but the end itself
        dead = "a context" if len(last) == 1 else f"{len(last):,} contexts"
        raise ReducibleChainError(
            f"The data lead to {dead} that nothing follows there: they do not say how they would go on, and have no "
            f"KL rate and no edge effect. {remedy}",
            contexts=len(last),
        )
    classes = communicating_classes(chain)
    if int(classes.recurrent.sum()) > 1:
        raise ReducibleChainError(
            f"The chain of the data has {int(classes.recurrent.sum()):,} recurrent classes, and so no one long run. "
            f"{remedy}",
            recurrent_classes=int(classes.recurrent.sum()),
        )
    return stationary_distribution(chain, progress=progress)
