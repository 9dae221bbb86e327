"""What is a report made of? Titles, facts, tables and notes, in words; the forms it is written in know only these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

__all__ = ["Column", "Section", "Table"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: the side its cells are set to, and whether text on the left may go on in the next line."""

    title: str
    align: Literal["left", "right"] = "right"
    folds: bool = True


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells, one cell a column."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled part of a report: warnings, facts (name, value), preformatted lines, a table, notes, in this order."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()
    table: Table | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
