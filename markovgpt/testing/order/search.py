"""How many of the last tokens does a model look at? Its Markov order, and pairs of histories that refute others."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, check_is_model, model_name
from markovgpt.testing.order.histories import (
    Channel,
    every_history,
    laws_after,
    random_histories,
    refuses_longer,
)
from markovgpt.testing.order.verdicts import Counterexample, OrderVerdict
from markovgpt.testing.settings import resolved

__all__ = ["find_order"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_EXHAUSTIVE = 2**13  # histories of all lengths
_BASES = 48
_OTHERS = 8  # tokens that one is replaced by
_ROUNDING = 1e-5  # of a probability


def find_order(
    model: LanguageModel,
    *,
    max_length: int | None = None,
    channels: tuple[Channel, ...] | None = None,
    atol: float | None = None,
    seed: int | None = None,
) -> OrderVerdict:
    """The Markov order of a model: over all histories where they are few, otherwise by a directed search.

    Two kinds of pairs are compared: histories in which one old token is replaced, and a history with its own last
    tokens alone (which tells positions that are counted from the beginning). A model that crops to K tokens has an
    order of at most K; a sliding window of W tokens in L layers has L (W - 1) + 1; a recurrent state has none.

    Parameters
    ----------
    model : LanguageModel
        Asked by ``next_logits`` about histories longer than K, if it answers, and by a ``session``, if it has one.
    max_length : int, optional
        Tokens of the longest histories. By default 4 K and at least K + 8; or fewer, where all histories of more than
        2 K tokens can be asked.
    channels : tuple of "next_logits", "session", optional
        By which methods it is asked; all that it has by default.
    atol : float, 0 <= atol < 1, optional
        Two laws are the same if no probability differs by more: 1e-5, or what pytest was told.
    seed : int, at least 0, optional
        Of the search: 0, or what pytest was told.

    Raises
    ------
    ArgumentError
        No such method, or a number that cannot be.
    ModelError
        The model failed, other than by refusing histories of more than K tokens.

    Examples
    --------
    >>> import numpy as np, markovgpt as mg
    >>> def law(contexts):  # looks two tokens back, and says three
    ...     return np.stack([np.zeros(len(contexts)), contexts[:, -2:].sum(axis=1)], axis=1)
    >>> find_order(mg.from_callable(law, vocab_size=2, context_length=3)).order
    2
    """
    check_is_model(model)
    settings = resolved(seed=seed, atol=atol)
    atol = settings.allowed(_ROUNDING)
    K, V = int(model.context_length), int(model.vocab_size)
    longest = max(4 * K, K + 8) if max_length is None else max_length
    if isinstance(longest, bool) or not isinstance(longest, int | np.integer) or longest < 1:
        raise ArgumentError(f"max_length is a number of tokens, at least 1: got {max_length!r}.", max_length=max_length)
    chosen = _channels(model, channels)
    if V == 1:
        longest = 1
    parts, refused = [], []
    for channel in chosen:
        limit = int(longest)
        if limit > K and refuses_longer(model, channel):
            refused.append(channel)
            limit = min(limit, K)
        parts.append(_search(model, channel, limit, atol=atol, seed=settings.seed, shrink=max_length is None))
    deepest = max(part.length for part in parts)
    effects = np.zeros(deepest)
    found: dict[int, Counterexample] = {}
    for part in parts:
        effects[: part.length] = np.maximum(effects[: part.length], part.effects)
        for k, example in part.counterexamples.items():
            if k not in found or found[k].distance < example.distance:
                found[k] = example
    order = max(found) + 1 if found else 0
    return OrderVerdict(
        name=model_name(model),
        declared=K,
        order=None if order >= deepest and deepest != K else order,
        max_length=deepest,
        exhaustive=all(part.exhaustive for part in parts),
        n_histories=sum(part.n_histories for part in parts),
        effects=effects,
        length_effect=max(part.length_effect for part in parts),
        channels=chosen,
        refused=tuple(refused),
        counterexamples=found,
        atol=atol,
    )


class _Part(NamedTuple):
    """What one way of asking has shown."""

    length: int
    exhaustive: bool
    n_histories: int
    effects: Table
    length_effect: float
    counterexamples: dict[int, Counterexample]


def _channels(model: LanguageModel, channels: tuple[Channel, ...] | None) -> tuple[Channel, ...]:
    has: tuple[Channel, ...] = ("next_logits", "session") if hasattr(model, "session") else ("next_logits",)
    for channel in channels or ():
        if channel not in has:
            raise ArgumentError(
                f"{model_name(model)} can be asked by {' and '.join(has)}: got {channel!r}.", channel=channel
            )
    return channels or has


def _search(model: LanguageModel, channel: Channel, longest: int, *, atol: float, seed: int, shrink: bool) -> _Part:
    """Replace tokens, and leave the oldest ones out, in all histories or in some."""
    V, K = int(model.vocab_size), int(model.context_length)
    most = int(np.log2(_EXHAUSTIVE) / np.log2(V)) if V > 1 else 1  # tokens of a history when all are asked
    if shrink and longest > most >= 2 * K + 2:
        longest = most
    exhaustive = longest <= most
    texts = every_history(V, longest) if exhaustive else random_histories(V, longest, _BASES, seed=seed)
    laws = _every_law(model, texts, channel)  # (longest, m, V), after the last 1, 2, ... tokens of each
    best: dict[int, Counterexample] = {}
    effects, length_effect = np.zeros(longest), 0.0

    def note(k: int, first: Integers, second: Integers, pair: Table) -> None:
        distance = float(abs(pair[0] - pair[1]).max())
        if distance > atol and (k not in best or best[k].distance < distance):
            best[k] = Counterexample(
                first=tuple(first.tolist()),
                second=tuple(second.tolist()),
                common=k,
                laws=pair,
                distance=distance,
                channel=channel,
            )

    whole = laws[longest - 1]
    rng, asked = np.random.default_rng([seed, 1]), len(texts)
    for back in range(1, longest + 1):
        for other, other_laws in _replaced(model, channel, texts, whole, back, exhaustive, rng):
            asked += 0 if exhaustive else len(other)
            distances = abs(other_laws - whole).max(axis=1)
            row = int(np.argmax(distances))
            effects[back - 1] = max(effects[back - 1], distances[row])
            note(back - 1, texts[row], other[row], np.stack([whole[row], other_laws[row]]))
    _spread(best)
    for k in range(1, longest):  # a history, and its own last k tokens
        distances = abs(laws[k - 1] - whole).max(axis=1)
        row = int(np.argmax(distances))
        if effects[k:].max() <= atol:
            length_effect = max(length_effect, float(distances[row]))
        if k not in best:
            note(k, texts[row], texts[row, longest - k :], np.stack([whole[row], laws[k - 1, row]]))
    _spread(best)
    best = {k: _shortened(model, channel, example, atol) for k, example in best.items()}
    return _Part(longest, exhaustive, asked, effects, length_effect, best)


def _spread(best: dict[int, Counterexample]) -> None:
    """What tells apart histories with more tokens in common refutes every smaller order as well."""
    for k in range(max(best, default=0)):
        better = max((best[j] for j in best if j >= k), key=lambda example: example.distance)
        if k not in best or best[k].distance < better.distance:
            best[k] = replace(better, common=k)


def _shortened(model: LanguageModel, channel: Channel, example: Counterexample, atol: float) -> Counterexample:
    """The same pair without the tokens before the first that differs, if the laws differ without these too."""
    first, second = np.array(example.first), np.array(example.second)
    if len(first) != len(second) or first[0] != second[0]:
        return example
    begin = int(np.argmax(first != second))
    laws = laws_after(model, np.stack([first[begin:], second[begin:]]), channel)
    distance = float(abs(laws[0] - laws[1]).max())
    if not distance > atol:
        return example
    return replace(
        example,
        first=tuple(first[begin:].tolist()),
        second=tuple(second[begin:].tolist()),
        laws=laws,
        distance=distance,
    )


def _every_law(model: LanguageModel, texts: Integers, channel: Channel) -> Table:
    """Laws after the last 1, 2, ... tokens of each text: ``(longest, m, V)``; of equal ones one is asked."""
    longest = texts.shape[1]
    laws = np.empty((longest, len(texts), int(model.vocab_size)))
    for length in range(1, longest + 1):
        different, place = np.unique(texts[:, longest - length :], axis=0, return_inverse=True)
        laws[length - 1] = laws_after(model, different, channel)[place.ravel()]
    return laws


def _replaced(
    model: LanguageModel,
    channel: Channel,
    texts: Integers,
    whole: Table,
    back: int,
    exhaustive: bool,
    rng: np.random.Generator,
) -> list[tuple[Integers, Table]]:
    """Texts with the token ``back`` from the end replaced, by each other one or by some, and their laws."""
    V, longest = int(model.vocab_size), texts.shape[1]
    place = longest - back
    shifts = np.arange(1, V) if V - 1 <= _OTHERS else np.sort(rng.choice(np.arange(1, V), _OTHERS, replace=False))
    found = []
    for shift in shifts.tolist():
        other = texts.copy()
        other[:, place] = (other[:, place] + shift) % V
        if exhaustive:  # known already: texts are in the order of their numbers
            weights = V ** np.arange(longest - 1, -1, -1, dtype=np.int64)
            found.append((other, whole[other @ weights]))
        else:
            found.append((other, laws_after(model, other, channel)))
    return found
