"""``markovgpt plugins``: which installed packages bring models, and do they load?"""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from markovgpt.cli.output import print_report

__all__ = ["plugins"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def plugins(ctx: click.Context, *, as_json: bool) -> None:
    """Import every installed plugin and say which work.

    Exit code 1 if one is broken.
    """
    from markovgpt.registry import list_plugins

    reports = list_plugins()
    if as_json:
        click.echo(json.dumps([asdict(report) | {"remedy": report.remedy} for report in reports], indent=1))
    else:
        from markovgpt.report.sections import Column, Section, Table

        columns = tuple(Column(title=title, align="left") for title in ("package", "version", "model", "state"))
        rows = tuple(
            (
                report.package,
                report.version,
                report.model,
                f"broken: {report.problem}. To remove it: {report.remedy}" if report.problem else "ok",
            )
            for report in reports
        )
        none = () if rows else ("No plugin is installed. To write one: markovgpt new plugin NAME",)
        print_report([Section(title="Plugins", table=Table(columns=columns, rows=rows), notes=none)])
    ctx.exit(1 if any(report.problem for report in reports) else 0)
