"""Numbers and sections out of a report's text, for tests that compare what a user reads with what is true."""

from __future__ import annotations

import re

__all__ = ["arrows", "cells", "facts", "sections", "shares"]


def sections(text: str) -> dict[str, list[str]]:
    """The lines under each title: a title begins in the first column."""
    found: dict[str, list[str]] = {}
    title = ""
    for line in text.splitlines():
        if line and not line.startswith(" "):
            title = line
            found[title] = []
        elif line.strip():
            found[title].append(line)
    return found


def cells(lines: list[str]) -> list[list[str]]:
    """The cells of the rows of a table: two blanks or more stand between them, so that empty ones are lost."""
    return [re.split(r" {2,}", line.strip()) for line in lines]


def facts(text: str) -> dict[str, str]:
    """``{"states": "8: the 2^3 contexts"}``: names and values that stand in two columns, of all sections."""
    return {match[1]: match[2] for match in re.finditer(r"^  (\S+(?: \S+)*)  +(\S.*)$", text, flags=re.MULTILINE)}


def arrows(text: str) -> dict[tuple[str, str], tuple[str, float]]:
    """``{("000", "1"): ("001", 73.16)}``: where each token of each state leads, and its percentage."""
    found = {}
    state = ""
    pattern = r"^  +(?:(\S+) +)?(\S+)  +→ +(\S+) +<?>?([\d.]+)%"
    for match in re.finditer(pattern, text, flags=re.MULTILINE):
        state = match[1] or state
        found[state, match[2]] = (match[3], float(match[4]))
    return found


def shares(text: str) -> dict[str, float]:
    """``{"000": 0.018278}``: the stationary probabilities, whose bars tell them from other tables."""
    pattern = r"^  +(\S+(?: \S+)*) +(0\.\d{6}|1\.000000)  [█▏▎▍▌▋▊▉]"
    return {match[1]: float(match[2]) for match in re.finditer(pattern, text, flags=re.MULTILINE)}
