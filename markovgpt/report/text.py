"""How does a report look in a terminal?"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from markovgpt.report.sections import Section, Table

__all__ = ["terminal_report"]


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


def _table(table: Table) -> RichTable:
    grid = RichTable(box=None, padding=(0, 1), header_style="cyan")
    for column in table.columns:
        whole = column.align == "right" or not column.folds
        grid.add_column(Text(column.title), justify=column.align, no_wrap=whole, overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(cell) for cell in row))
    return grid
