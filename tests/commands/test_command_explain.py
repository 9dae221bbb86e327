"""What does ``markovgpt explain`` say of a check?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from markovgpt.testing import CAUGHT_BY, CHECKS


def test_explain_lists_every_check(run):
    """With what each needs."""
    result = run("explain")
    assert result.exit_code == 0
    for check in CHECKS.values():
        assert any(line.split()[:1] == [check.name] for line in result.stdout.splitlines()), check.name
    assert "markovgpt explain CHECK" in result.stdout


@pytest.mark.parametrize("name", CHECKS)
def test_explain_says_what_a_check_does_catches_mends_and_is_tested_by(run, name):
    """The whole record, and every mutant that it must see."""
    said = " ".join(run("explain", name).stdout.split())
    check = CHECKS[name]
    for text in (check.what, check.catches, check.mend, *check.threads):
        assert " ".join(text.split()) in said
    for mutant, checks in CAUGHT_BY.items():
        assert (f" {mutant}:" in said) == (name in checks)


@pytest.mark.parametrize("name", CHECKS)
def test_explain_names_a_page_that_is_there(run, name):
    """The page of the documentation that shows the bug and its repair."""
    (page,) = re.findall(r"docs/checks/\w+\.md", run("explain", name).stdout)
    assert (Path(__file__).parents[2] / page).read_text(encoding="utf-8").count(f"# {name}\n") == 1


def test_explain_json_is_for_programs(run):
    """One check, or all."""
    one = json.loads(run("explain", "padding", "--json").stdout)
    assert list(one) == ["padding"]
    assert one["padding"]["needs"] == "padded_logits"
    assert list(json.loads(run("explain", "--json").stdout)) == list(CHECKS)


def test_explain_of_no_check_names_the_nearest(refused):
    """One line."""
    assert refused("explain", "paddin").startswith("There is no check 'paddin'. Did you mean padding?")
