"""How does a report read as Markdown?"""

from __future__ import annotations

from collections.abc import Iterable

from markovgpt.report.sections import Section, Table

__all__ = ["markdown_report"]


def markdown_report(sections: Iterable[Section]) -> str:
    """A document with one heading a section."""
    blocks: list[str] = []
    for level, section in enumerate(sections):
        blocks.append(f"{'#' if level == 0 else '##'} {_escape(section.title)}")
        blocks += [f"**{_escape(warning)}**" for warning in section.warnings]
        if section.facts:
            blocks.append("\n".join(f"- **{_escape(name)}**: {_escape(value)}" for name, value in section.facts))
        if section.lines:
            blocks.append("```text\n" + "\n".join(section.lines) + "\n```")
        if section.table is not None:
            blocks.append(_table(section.table))
        blocks += [_escape(note) for note in section.notes]
    return "\n\n".join(blocks) + "\n"


def _table(table: Table) -> str:
    sides = "|".join("---:" if column.align == "right" else ":---" for column in table.columns)
    head = "|".join(_escape(column.title) for column in table.columns)
    rows = ["|".join(_escape(cell) for cell in row) for row in table.rows]
    return "\n".join(f"|{line}|" for line in (head, sides, *rows))


def _escape(text: str) -> str:
    for character in "\\`*_[]<>#|":
        text = text.replace(character, "\\" + character)
    return text
