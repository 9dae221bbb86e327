"""Where did a chain come from: which model, asked how, at what cost, kept in which file?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

from markovgpt.decoding import Decoding

__all__ = ["Origin", "TableStore"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TableStore:
    """The file that the table of a chain was enumerated into.

    Attributes
    ----------
    file : str
        Its name.
    storage : "float64" or "float32"
        How it holds probabilities. The rows of a float32 file are divided by their sums, in float64.
    n_blocks, n_reused, n_damaged : int
        Blocks of rows: all; those that were there and right; those that were there, but damaged. All that were not
        reused were computed.
    """

    file: str
    storage: str
    n_blocks: int
    n_reused: int
    n_damaged: int

    @property
    def n_computed(self) -> int:
        """Blocks that were computed in this run."""
        return self.n_blocks - self.n_reused


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a chain came from.

    Attributes
    ----------
    model : str
        Name of the model, or "table".
    decoding : Decoding
        The rule that was applied to the model's law.
    model_fingerprint : str
        Hash of the model's weights; empty if the model has none.
    strategy : str
        How contexts were enumerated; empty for a table.
    model_calls, token_positions : int
        What enumeration cost: calls of the model, and tokens that it was given in them.
    check_positions : int
        Tokens that it was given beside these, to compare what the strategy computes with ``next_logits``.
    note : str
        Why a faster strategy that would suit the model was not used, and what of the table was stored before; empty if
        there is nothing to say.
    seconds : float
        Wall time of the enumeration.
    predicted_seconds : float, or None
        What was predicted before it began; None if nobody asked (:func:`markovgpt.predict_cost`).
    row_defect : float
        Largest ``|sum of a row - 1|`` of a table before its rows were divided by their sums; 0 for a softmax, whose
        rows sum to 1 but for the last digit.
    rounding : float, or None
        Largest error of a probability that arithmetic in float32 left, next to float64, in a sample of contexts; None
        where nothing was compared.
    n_underflows : int, or None
        Entries that are 0 only because float64 has nothing between 0 and 5e-324: tokens that the model gives a
        probability and the rule keeps (:meth:`markovgpt.Decoding.underflows`). In a float32 file entries below 1e-45
        are 0, too, and counted. None if nobody knows.
    store : TableStore, or None
        The file that the table is in; None if it was made in memory.
    """

    model: str = "table"
    decoding: Decoding = field(default_factory=Decoding)
    model_fingerprint: str = ""
    strategy: str = ""
    model_calls: int = 0
    token_positions: int = 0
    check_positions: int = 0
    note: str = ""
    seconds: float = 0.0
    predicted_seconds: float | None = None
    row_defect: float = 0.0
    rounding: float | None = None
    n_underflows: int | None = 0
    store: TableStore | None = None
