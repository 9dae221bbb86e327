"""``markovgpt models``: what can be analysed?"""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from markovgpt.cli.output import print_report

__all__ = ["models"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def models(*, as_json: bool) -> None:
    """List the models that can be named."""
    from markovgpt.registry import list_models

    entries = list_models()
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in entries], indent=1))
        return
    from markovgpt.report.sections import Column, Section, Table

    titles = ("name", "source", "V", "K", "parameters", "what it is")
    columns = tuple(Column(title=t, align="right" if t in ("V", "K", "parameters") else "left") for t in titles)
    rows = tuple(
        (
            entry.name,
            entry.source,
            *(f"{n:,}" if n else "·" for n in (entry.vocab_size, entry.context_length, entry.n_parameters)),
            entry.description,
        )
        for entry in entries
    )
    notes = (
        "Also: the folder of a saved model, path/file.py:attr, package.module:attr. A dot: known once it is loaded.",
        "Options of a model: -M key=value, for example -M context_length=4; an unknown key lists them.",
    )
    section = Section(title="Models that can be named", table=Table(columns=columns, rows=rows), notes=notes)
    print_report([section])
