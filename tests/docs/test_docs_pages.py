"""Are the generated pages fresh, do links lead somewhere, and is every key of the JSON document described?"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import markovgpt as mg
from markovgpt.pytest_plugin.report import report_to_dict as run_to_dict
from markovgpt.pytest_plugin.results import Found
from markovgpt.pytest_plugin.settings import RunSettings
from markovgpt.report.benching import benchmark_to_dict
from markovgpt.report.comparing.chains import chains_to_dict
from markovgpt.report.comparing.learning import learning_to_dict
from markovgpt.report.comparing.machine import data_to_dict
from markovgpt.report.graph import structure_to_dict
from markovgpt.report.laws_data import laws_to_dict, sweep_to_dict
from markovgpt.report.machine import to_dict
from markovgpt.testing import check_model
from markovgpt.testing.formats import report_to_dict
from markovgpt.testing.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {".venv", "_build", "build", "dist", "node_modules"}
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(part in SKIPPED or part.startswith(".") for part in path.relative_to(ROOT).parts)
)


@pytest.mark.parametrize("script", ["make_cli_reference.py", "make_module_list.py", "make_checks_reference.py"])
def test_generated_page_is_up_to_date(script):
    """The same command that CI runs."""
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_reference_check_notices_a_stale_page(tmp_path):
    """One word changed in a copy of the folder: exit code 1, and the command that mends it."""
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    (tmp_path / "cli.md").write_text(page.replace("Training steps.", "Training stops."), encoding="utf-8")
    script = tmp_path / "make_cli_reference.py"
    script.write_text((ROOT / "docs" / "make_cli_reference.py").read_text(encoding="utf-8"), encoding="utf-8")
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "out of date" in done.stderr


@pytest.fixture
def checks_folder(tmp_path):
    """A copy of the pages of the checks, with what writes them."""
    shutil.copytree(ROOT / "docs" / "checks", tmp_path / "checks")
    for name in ("checks.md", "make_checks_reference.py"):
        shutil.copy(ROOT / "docs" / name, tmp_path)
    return tmp_path


def _make_checks(folder, *options):
    script = [sys.executable, folder / "make_checks_reference.py", *options]
    return subprocess.run(script, capture_output=True, text=True, check=False)


def test_pages_of_checks_are_mended_where_they_are_generated(checks_folder):
    """A word of the generated part comes back; what is written by hand stays, and a page that is gone is begun."""
    causal, padding = (checks_folder / "checks" / f"{name}.md" for name in ("causal", "padding"))
    text = causal.read_text(encoding="utf-8")
    causal.write_text(text.replace("off by one, or lost", "never lost").replace("## The repair", "## To repair it"))
    padding.unlink()
    done = _make_checks(checks_folder, "--check")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Out of date: padding.md, causal.md. Run: python docs/make_checks_reference.py")
    assert _make_checks(checks_folder).returncode == 0
    assert _make_checks(checks_folder, "--check").returncode == 0
    assert causal.read_text(encoding="utf-8") == text.replace("## The repair", "## To repair it")
    assert "# padding\n" in padding.read_text(encoding="utf-8")


def test_page_of_no_check_is_refused(checks_folder):
    """A check that was renamed would leave its page behind."""
    (checks_folder / "checks" / "paddings.md").write_text("# paddings\n", encoding="utf-8")
    done = _make_checks(checks_folder, "--check")
    assert done.returncode == 1
    assert done.stderr.startswith("There is no check of this name: paddings.md.")


def links_of(text):
    """Targets of links and images outside of code."""
    text = re.sub(r"^( *)(`{3,}).*?^\1\2 *$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(`+)[^`].*?\1", "", text)
    return re.findall(r"\]\(\s*<?([^()\s>]+)>?[^()]*\)", text)


def anchors_of(text):
    """Names of the headings of a page, as GitHub and MyST make them."""
    text = re.sub(r"^(`{3,}).*?^\1 *$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ +(.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def broken_links(page):
    """Links of a page to files or headings that are not there."""
    broken = []
    for link in links_of(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in anchors_of(target.read_text(encoding="utf-8"))):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_internal_links_and_images_resolve(page):
    """Files exist, and so do headings."""
    assert broken_links(page) == []


def test_link_check_notices_broken_links(tmp_path):
    """A missing file, picture and heading are found; code and other sites are left alone."""
    page = tmp_path / "page.md"
    page.write_text(
        "# A heading, here\n[a](#a-heading-here) [b](page.md#no-heading) [c](gone.md) ![d](gone.svg)\n"
        "`[e](code.md)` [f](https://example.com/gone)\n```text\n[g](code.md)\n```\n",
        encoding="utf-8",
    )
    assert broken_links(page) == ["page.md#no-heading", "gone.md", "gone.svg"]


def compared():
    """What it writes about a model and its data, with data held out and without; its training; and another model."""
    watch = mg.LearningWatch([0, 1])
    model = mg.load_model("babygpt", steps=1, checkpoint=watch)
    chain, other = mg.build_chain(model), mg.build_chain(mg.load_model("babygpt", steps=0))
    counts, held = (
        mg.count_ngrams(tokens, vocab_size=2, context_length=3) for tokens in (model.training_tokens, [0, 0, 1, 0, 1])
    )
    found = mg.compare_chains(chain, other)
    return {
        "compared with data": data_to_dict(mg.data_report(model, counts, chain=chain, heldout=held), model),
        "compared with data, no chain": data_to_dict(mg.data_report(model, counts, not_computed="too many"), model),
        "compared over training": learning_to_dict(watch.curve()),
        "compared with a model": chains_to_dict(found, (mg.tokens_distance(chain, other, n=2),), names=("a", "b")),
    }


def measured():
    """What it writes about the cost of enumeration, by itself and beside another measurement."""
    models = mg.load_resizable("babygpt")
    found = mg.benchmark_enumeration(models, context_lengths=[1, 2], strategies=["batched"], runs=1)
    comparison = mg.compare_benchmarks(found, found)
    return {
        "measured": benchmark_to_dict(found),
        "measured and compared": benchmark_to_dict(found, comparison=comparison),
    }


@cache
def documents():
    """What the program writes about a trained model, two recurrent classes, a chain that ends, structure, laws."""
    walk = mg.from_matrix([[0.5, 0.5], [0.9, 0.1]])
    laws = mg.stationary_report(mg.chain_from_table([[1.0, 0.0], [0.0, 1.0]]), extended=True)
    settings = RunSettings(
        models=(), asked=False, judged=Settings(), expected={}, xfails=None, strict_models=False, report=None
    )
    return {
        "trained": to_dict(mg.analyze(mg.load_model("babygpt"))),
        "two recurrent classes": to_dict(mg.analyze(mg.from_matrix([[1.0, 0.0], [0.0, 1.0]]))),
        "reachable": to_dict(mg.analyze_chain(walk, mg.reachable_chain(walk, "0", end=1))),
        "structure": structure_to_dict(mg.chain_structure(mg.chain_from_table([[1.0, 0.0], [0.0, 1.0]]))),
        "stationary": laws_to_dict(laws),
        "sweep": sweep_to_dict([(1.0, laws)]),
        "checked": report_to_dict(check_model(walk, only=["deterministic", "causal"])),
        "run of pytest": run_to_dict(Found(), settings),
        **compared(),
        **measured(),
    }


def keys_of(document, path=""):
    """Dotted paths of all values that are no objects, and of empty ones."""
    paths = []
    for key, value in document.items():
        here = f"{path}.{key}" if path else key
        paths += keys_of(value, here) if isinstance(value, dict) and value else [here]
    return paths


def described(page):
    """Dotted paths in the first column of a table, and names in backticks in the rest of such a row, below them."""
    found = set()
    for row in page.splitlines():
        first, _, rest = row.partition(" | ")
        for path in re.findall(r"`([\w.]+)`", first):
            found |= {path, *(f"{path}.{name}" for name in re.findall(r"`(\w+)`", rest))}
    return found


def schema():
    """The section of the architecture page."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return page[page.index("## The JSON document") : page.index("## Modules")]


WRITTEN = [
    "trained",
    "two recurrent classes",
    "reachable",
    "structure",
    "stationary",
    "sweep",
    "checked",
    "run of pytest",
    "compared with data",
    "compared with data, no chain",
    "compared over training",
    "compared with a model",
    "measured",
    "measured and compared",
]


@pytest.mark.parametrize("which", WRITTEN)
def test_every_json_key_is_described(which):
    """The table in docs/architecture.md has every key that is written."""
    assert sorted(set(keys_of(documents()[which])) - described(schema())) == []


def test_no_described_json_key_is_gone():
    """Every key in the first column is written for at least one of these documents."""
    written = {key for document in documents().values() for key in keys_of(document)}
    parents = {path[:i] for path in written for i in range(len(path)) if path[i] == "."}
    in_first_column = set(re.findall(r"^\| `([\w.]+)`", schema(), flags=re.MULTILINE))
    assert sorted(in_first_column - written - parents) == []


def test_schema_check_notices_a_key_that_is_not_described():
    """One at the top and one below; a name in the row of its parent is enough."""
    page = "| `model` | it has `name` | |\n| `model.tokens` | texts | |\n"
    document = {"model": {"name": "", "tokens": [], "new": 1}, "newer": 2}
    assert sorted(set(keys_of(document)) - described(page)) == ["model.new", "newer"]
