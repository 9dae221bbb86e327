"""Does the page of benchmarks show ratios, times and where they were measured, and no more of the machine?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import render

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "render.py"


def run_of(group, method, median, **info):
    stats = {"median": median, "q1": median * 0.9, "q3": median * 1.1, "min": median / 2, "rounds": 3}
    return {"group": group, "name": "test", "stats": stats, "extra_info": {"method": method} | info}


@pytest.fixture
def results():
    return {
        "datetime": "2024-05-06T07:08:09",
        "machine_info": {
            "processor": "P",
            "n_processors": 2,
            "memory_bytes": 2**34,
            "system": "S",
            "versions": {"numpy": "2", "numba": ""},
        },
        "benchmarks": [
            run_of("count: text", "slow", 0.5, contexts=12_345),
            run_of("count: text", "ours", 0.002, reference=True, share=0.12345),
            run_of("start-up: one command", "python", 0.03, certified=True),
            run_of("start-up: one command", "other", 1.5),
        ],
    }


def test_page_has_a_table_for_each_group(results):
    """Ratios to the row that is the reference, if there is one; what was noted stands at the end."""
    page = render.page(results, "make bench")
    assert page.startswith("<!-- Written by benchmarks/render.py")
    assert [line for line in page.splitlines() if line.startswith("#")] == [
        "# Benchmarks",
        "## Counting data",
        "### text",
        "## Starting the program",
        "### one command",
    ]
    assert "| slow | 250 | 500 ms | 450 ms – 550 ms | 250 ms | 3 | 12,345 |  |" in page
    assert "| ours | 1 | 2 ms | 1.8 ms – 2.2 ms | 1 ms | 3 |  | 0.123 |" in page
    assert "| python | 30 ms | 27 ms – 33 ms | 15 ms | 3 | yes |" in page


def test_page_says_where_when_and_how(results):
    """Machine, date, versions that are there, command."""
    page = render.page(results, "make bench")
    assert "- **Measured** 2024-05-06\n- **Machine** P, 2 processors, 16 GiB, S\n- **Versions** numpy 2\n" in page
    assert "```sh\nmake bench\n```" in page


def test_group_of_no_section_is_refused(results):
    """A benchmark whose group is named otherwise would be lost."""
    results["benchmarks"][0]["group"] = "counting"
    with pytest.raises(
        SystemExit,
        match="Groups begin with one of enumerate, predict, push, solve, count, check, start-up: got counting",
    ):
        render.page(results, "make bench")


def test_extra_information_that_fits_no_cell_is_refused(results):
    """A dictionary would be printed as Python writes it."""
    results["benchmarks"][0]["extra_info"]["checks"] = {"passed": 3}
    with pytest.raises(SystemExit, match=r"Extra information is a text or a number: got \{'passed': 3\} for checks"):
        render.page(results, "make bench")


def test_page_is_written(results, tmp_path):
    """By the command of the Makefile."""
    (tmp_path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    page = tmp_path / "page.md"
    subprocess.run([sys.executable, SCRIPT, tmp_path / "results.json", page, "--command", "how"], check=True)
    assert page.read_text(encoding="utf-8") == render.page(results, "how")
