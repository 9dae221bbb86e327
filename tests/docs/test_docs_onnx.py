"""Do the examples of the pages that need onnxruntime show what the program says, where it is installed?"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "against-the-world.md"
UNPLAYED = "```{code-block} python\n"  # as these examples stand, which the other tests leave alone


def _check_examples():
    name = "check_examples_onnx"
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "check_examples.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses of the file look themselves up here
    spec.loader.exec_module(module)
    return module


def test_page_has_the_examples():
    """A fence that is no longer recognised would pass in silence."""
    assert PAGE.read_text(encoding="utf-8").count(UNPLAYED) == 4


@pytest.mark.filterwarnings("ignore")  # the exporters of torch warn of themselves
def test_examples_with_onnx_show_what_the_program_says(tmp_path):
    """The whole page, from top to bottom, with these examples among the others."""
    for module in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(module, reason=f"pip install {module}", exc_type=ImportError)
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text(encoding="utf-8").replace(UNPLAYED, "```python\n"), encoding="utf-8")
    wrong = {block.title: problem for block, problem in _check_examples().play(page).items() if problem}
    assert not wrong, "\n".join(f"{title}\n{problem}" for title, problem in wrong.items())
