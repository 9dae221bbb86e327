"""How does a report look in a terminal?"""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from markovgpt.report.sections import Column, Section, Table

__all__ = ["least_width", "terminal_report"]

_INDENT = 3
_FOLDED = 16  # a column of text is not folded to less
_BAR = frozenset(" ▏▎▍▌▋▊▉█")


def terminal_report(sections: Iterable[Section]) -> Group:
    """Something that rich prints; texts of the model are never read as markup."""
    parts: list[RenderableType] = []
    for section in sections:
        parts += [Text(section.title, style="bold"), *_body(section), Text("")]
    return Group(*parts)


def _body(section: Section) -> Iterable[RenderableType]:
    for warning in section.warnings:
        yield Padding(Text(warning, style="bold red"), (0, 0, 0, 2))
    if section.facts:
        grid = RichTable.grid(padding=(0, 2))
        grid.add_column(style="cyan", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in section.facts:
            grid.add_row(Text(name), Text(value))
        yield Padding(grid, (0, 0, 0, 2))
    for line in section.lines:
        yield Text(f"  {line}", style="green", no_wrap=True)
    if section.table is not None:
        yield Padding(_table(section.table), (0, 0, 0, 1))
    for note in section.notes:
        yield Padding(Text(note, style="dim"), (0, 0, 0, 2))


def least_width(sections: Iterable[Section]) -> int:
    """The width that shows every table without cutting a number; bars may be cut."""
    return max((_least_width(section.table) for section in sections if section.table is not None), default=0)


def _least_width(table: Table) -> int:
    widths = []
    for column, *cells in zip(table.columns, *table.rows, strict=True):
        longest = max([cell_len(column.title), *(cell_len(cell) for cell in cells if not _is_bar(cell))])
        widths.append(longest if _is_whole(column) else max(1, min(longest, _FOLDED)))
    return sum(widths) + 2 * len(widths) + _INDENT


def _is_whole(column: Column) -> bool:
    return column.align == "right" or not column.folds


def _table(table: Table) -> RichTable:
    grid = RichTable(box=None, padding=(0, 1), header_style="cyan")
    for column in table.columns:
        grid.add_column(Text(column.title), justify=column.align, no_wrap=_is_whole(column), overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(cell, overflow="crop", no_wrap=True) if _is_bar(cell) else Text(cell) for cell in row))
    return grid


def _is_bar(cell: str) -> bool:
    return bool(cell) and set(cell) <= _BAR
