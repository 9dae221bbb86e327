"""Does the README's example run?"""

from __future__ import annotations

import doctest
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_readme_example_runs(tmp_path, monkeypatch):
    """In an empty folder, since it writes a model."""
    monkeypatch.chdir(tmp_path)
    text = README.read_text(encoding="utf-8").replace("```", "")  # a fence would be taken for expected output
    example = doctest.DocTestParser().get_doctest(text, {}, "README.md", str(README), 0)
    result = doctest.DocTestRunner().run(example)
    assert result.attempted == 10
    assert result.failed == 0
