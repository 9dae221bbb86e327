"""Where does a chain begin, if a text begins with few tokens, with none, or anywhere?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import next_token_logits
from markovgpt.chain import MarkovChain
from markovgpt.errors import ArgumentError, ModelError
from markovgpt.model import LanguageModel, model_name
from markovgpt.sparse_chain import SparseChain

__all__ = ["start_distribution"]

_BATCH_SIZE = 2048


def start_distribution(
    model: LanguageModel | None, chain: MarkovChain | SparseChain, start: int | str | Sequence[int]
) -> NDArray[np.float64]:
    """The law of the first state, ``(n,)``: of a text that begins with ``start``.

    From a context that is shorter than the states of the chain, the model writes on, by the decoding rule of the chain,
    until it is long enough. Of a longer one the last tokens count, all that the model looks back on.

    Parameters
    ----------
    model : LanguageModel, or None
        Of which the chain is; needed only for contexts shorter than its states.
    chain : MarkovChain or SparseChain
        n states, K tokens.
    start : int, str or tokens
        The number of a state; a context, as a label or as tokens; empty for a text of which nothing is written yet;
        ``"uniform"`` for every state alike.

    Raises
    ------
    ArgumentError
        The model has no law for the empty context, a token is none, or a walk does not lead to the context.
    ModelError
        The model failed.

    Examples
    --------
    >>> import markovgpt as mg
    >>> model = mg.from_callable(lambda contexts: [[0.0, 0.0]] * len(contexts), vocab_size=2, context_length=2)
    >>> chain = mg.build_chain(model)
    >>> start_distribution(model, chain, ""), start_distribution(model, chain, "1")
    (array([0.25, 0.25, 0.25, 0.25]), array([0. , 0. , 0.5, 0.5]))
    """
    n = chain.n_states
    if isinstance(start, str) and start == "uniform":
        return np.full(n, 1 / n)
    law = np.zeros(n)
    is_special = isinstance(chain, SparseChain) and isinstance(start, str) and start in chain.special
    if is_special or isinstance(start, int | np.integer):
        law[chain.state(start)] = 1.0
        return law
    tokens = tuple(start) if not isinstance(start, str) else chain.vocabulary.parse(start) if start else ()
    for token in tokens:
        if not 0 <= token < chain.vocab_size:
            raise ArgumentError(f"Tokens are 0..{chain.vocab_size - 1}: got {token} in the start.", token=token)
    tokens = tokens[-chain.context_length :]
    shortest = chain.states.shortest if isinstance(chain, MarkovChain) else max(len(tokens), 1)
    contexts = np.array([tokens], dtype=np.int64).reshape(1, -1)  # (m, length)
    weights = np.ones(1)  # (m,)
    while contexts.shape[1] < shortest:
        contexts, weights = _one_longer(model, chain, contexts, weights)
    if isinstance(chain, MarkovChain):
        V, length = chain.vocab_size, contexts.shape[1]
        law[chain.states.offset(length) + contexts @ (V ** np.arange(length - 1, -1, -1))] = weights
    else:
        law[[chain.state(context) for context in contexts.tolist()]] = weights
    return law


def _one_longer(
    model: LanguageModel | None,
    chain: MarkovChain | SparseChain,
    contexts: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Contexts ``(m, length)`` of the probabilities ``(m,)``, and the next token: those that are possible."""
    label = chain.vocabulary.label(contexts[0].tolist())
    if model is None:
        raise ArgumentError(
            f"The start {label!r} is shorter than the contexts of this chain, {chain.context_length} tokens: say which "
            "model goes on from there (model=)."
        )
    law = np.concatenate(
        [
            chain.origin.decoding.apply(_logits(model, contexts[i : i + _BATCH_SIZE]))
            for i in range(0, len(contexts), _BATCH_SIZE)
        ]
    )  # (m, V)
    kept, tokens = np.nonzero(law)
    return np.concatenate([contexts[kept], tokens[:, None]], axis=1), weights[kept] * law[kept, tokens]


def _logits(model: LanguageModel, contexts: NDArray[np.int64]) -> NDArray[np.float64]:
    if contexts.shape[1]:
        return next_token_logits(model, contexts)
    try:
        return next_token_logits(model, contexts)
    except ModelError as error:
        cause = error.__cause__
        reason = str(error) if cause is None else f"{type(cause).__name__}: {cause}"
        raise ArgumentError(
            f"{model_name(model)} has no law for the empty context. Begin with a token, or with every state alike "
            f"('uniform'). Asked what comes first, the model failed: {reason}"
        ) from error
