"""``markovgpt explain``: what does a check do, and how is what it finds mended?"""

from __future__ import annotations

import json

import click

from markovgpt.cli.output import print_report

__all__ = ["explain"]


@click.command()
@click.argument("check", required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def explain(*, check: str | None, as_json: bool) -> None:
    """Explain a check: what it does, the bug it catches, how to mend it, and how it is tested itself.

    Without a name, list all checks.

    \b
    markovgpt explain
    markovgpt explain session_after_crop
    """
    from markovgpt.report.sections import Column, Section, Table
    from markovgpt.testing.checks import CHECKS
    from markovgpt.testing.explanation import explain_check, table_of_checks

    if as_json:
        names = [check] if check else list(CHECKS)
        click.echo(json.dumps({name: dict(explain_check(name)) for name in names}, indent=1, ensure_ascii=False))
        return
    if check is None:
        titles = ("check", "needs", "what it does")
        table = Table(
            columns=tuple(Column(title=title, align="left") for title in titles), rows=tuple(table_of_checks())
        )
        notes = ("One of them: markovgpt explain CHECK. To run them: markovgpt check SPEC",)
        print_report([Section(title="Checks of a model", table=table, notes=notes)])
        return
    parts = explain_check(check)
    click.echo(check)
    for title, text in parts:
        click.echo(f"\n{title}")
        for line in text.splitlines():
            click.echo(click.wrap_text(line, width=100, initial_indent="  ", subsequent_indent="    "))
