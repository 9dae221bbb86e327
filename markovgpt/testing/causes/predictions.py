"""What would a mistake have drawn from, and does that explain a sample better than the right law does?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.comparison.correction import adjusted_p_values
from markovgpt.comparison.rows import total_variation
from markovgpt.testing.causes.evidence import Evidence
from markovgpt.testing.causes.steps import Mean, chance_distance
from markovgpt.testing.samples.ranks import RankTally
from markovgpt.testing.samples.tails import row_tests

__all__ = ["Prediction", "best_of"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_CLOSER = 5.0
_GAIN, _FITS = 15.0, 1e-3
_ENOUGH = 100  # draws from which it means something that they do not contradict a rule
_A_NUMBER = 3.0  # nats that a number which was fitted must gain
_BLOCK = 2**20
_TRIED = 8  # predictions of the largest gain, which are held against the sample one by one
_SAME = 1e-9


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class Prediction:
    """The law of each draw under a mistake.

    Attributes
    ----------
    rule : str
        What is wrong.
    evidence : Evidence
        The draws, d.
    groups : (d,) int64
        Which draws have the same law.
    laws : (g, V) float64
    elsewhere : callable
        The same mistake in other draws of the same sampler; nothing where it makes no difference there.
    fitted : int
        Numbers in it that were chosen to suit the sample.
    """

    rule: str
    evidence: Evidence
    groups: Integers
    laws: Table
    elsewhere: Callable[[Evidence], Iterable[Prediction]]
    fitted: int = 0

    @cached_property
    def gain(self) -> float:
        """Logarithm of its likelihood less that of the right law, nats a draw; an impossible draw counts as 1e-300."""
        right = self.evidence.laws[self.evidence.places, self.evidence.tokens]
        own = self.laws[self.groups, self.evidence.tokens]
        total = float((np.log(np.maximum(own, 1e-300)) - np.log(np.maximum(right, 1e-300))).sum())
        return (total - _A_NUMBER * self.fitted) / len(own)

    @cached_property
    def distance(self) -> Mean:
        """Mean total variation between its laws and the draws that have each."""
        seen = chance = 0.0
        for counts, n, groups in _counted(self.groups, self.evidence):
            laws = self.laws[groups]
            seen += float(total_variation(counts / n[:, None], laws) @ n)
            chance += float(chance_distance(n, laws) @ n)
        return Mean(seen / len(self.groups), chance / len(self.groups))

    @cached_property
    def near(self) -> bool:
        """Whether the draws are five times nearer to its law than to the right one, cell by cell."""
        own = right = 0.0
        for counts, n, places, groups in self._cells():
            shares = counts / n[:, None]
            own += float(total_variation(shares, self.laws[groups]) @ n)
            right += float(total_variation(shares, self.evidence.laws[places]) @ n)
        return own * _CLOSER <= right and own < right

    @cached_property
    def fits(self) -> bool:
        """Whether draws do not contradict it: not in a cell, a group, a state, nor over all of them by rank."""
        V, c = self.evidence.vocab_size, len(self.evidence.contexts)
        tally, p_values = RankTally(V), []
        expected, seen = np.zeros((c, V)), np.zeros((c, V), dtype=np.int64)
        for counts, n, places, groups in self._cells():
            laws = self.laws[groups]
            tally.add(counts, laws)
            p_values.append(row_tests(counts, laws).p_values)
            np.add.at(expected, places, n[:, None] * laws)
            np.add.at(seen, places, counts)
        if not self._by_state:
            p_values += [
                row_tests(counts, self.laws[of]).p_values for counts, _, of in _counted(self.groups, self.evidence)
            ]
            drawn = seen.sum(axis=1) > 0
            p_values.append(
                row_tests(seen[drawn], expected[drawn] / expected[drawn].sum(axis=1, keepdims=True)).p_values
            )
        p_values.append(np.array([test.p_value for test in tally.tests()]))
        return not (adjusted_p_values(np.concatenate(p_values), "holm") <= _FITS).any()

    def explains(self, *, closely: bool) -> bool:
        """Whether it is near; or, looked at ``closely``, likelier by e^15 than the right law and not contradicted."""
        d = len(self.groups)
        return self.near or (closely and self.gain * d >= _GAIN and d >= _ENOUGH and self.fits)

    def gain_elsewhere(self, others: Sequence[Evidence]) -> float:
        """How much likelier the same mistake makes other draws, nats in all; less than 0 speaks against it."""
        return sum(one.gain * len(one.groups) for evidence in others for one in self.elsewhere(evidence))

    @property
    def _by_state(self) -> bool:
        return self.groups is self.evidence.places

    def _cells(self) -> Iterator[tuple[Integers, Integers, Integers, Integers]]:
        """Draws of one state and one predicted law: counts ``(b, V)``, their sums, states, groups, ``(b,)``."""
        if self._by_state:
            for counts, n, places in _counted(self.groups, self.evidence):
                yield counts, n, places, places
            return
        g = len(self.laws)
        for counts, n, cells in _counted(self.evidence.places * g + self.groups, self.evidence):
            yield counts, n, cells // g, cells % g


def best_of(predictions: Iterable[Prediction]) -> list[Prediction]:
    """The prediction of the largest gain that explains its draws, and others with the same law; none if none does."""
    ranked = sorted(predictions, key=lambda prediction: -prediction.gain)
    for place, best in enumerate(ranked):
        if best.explains(closely=place < _TRIED):
            return [one for one in ranked if abs(one.gain - best.gain) <= _SAME and one.explains(closely=True)]
    return []


def _counted(keys: Integers, evidence: Evidence) -> Iterator[tuple[Integers, Integers, Integers]]:
    """Draws by key, in blocks: counts ``(b, V)``, their sums and the keys, ``(b,)`` each."""
    V = evidence.vocab_size
    different, where = np.unique(keys, return_inverse=True)
    order = np.argsort(where, kind="stable")
    tokens, where = evidence.tokens[order], where[order]
    step = max(1, _BLOCK // V)
    for begin in range(0, len(different), step):
        stop = min(begin + step, len(different))
        here = slice(*np.searchsorted(where, [begin, stop]).tolist())
        cells = np.bincount((where[here] - begin) * V + tokens[here], minlength=(stop - begin) * V)
        counts = cells.reshape(stop - begin, V).astype(np.int64)
        yield counts, counts.sum(axis=1), different[begin:stop]
