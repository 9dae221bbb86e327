"""Is every file that the README shows the file that is there?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1]
README = (FOLDER / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^(?:#+ )?`([\w./-]+)`[^\n]*\n\n```\w+\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def test_readme_shows_every_file_that_a_plugin_needs():
    assert {name for name, _ in SHOWN} == {
        "pyproject.toml",
        "src/markovgpt_example/__init__.py",
        "tests/test_noisy_copy.py",
    }


@pytest.mark.parametrize(("name", "text"), SHOWN, ids=[name for name, _ in SHOWN])
def test_readme_quotes_the_file(name, text):
    assert text in (FOLDER / name).read_text(encoding="utf-8")
