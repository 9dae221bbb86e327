"""``markovgpt new``: how does a new plugin begin?"""

from __future__ import annotations

import re
from pathlib import Path

import click

__all__ = ["new"]


@click.group()
def new() -> None:
    """Write the beginnings of something."""


@new.command()
@click.argument("name")
@click.option("--folder", default=".", show_default=True, help="Where to make the plugin's folder.")
def plugin(name: str, folder: str) -> None:
    """Write an installable package that brings a model called NAME.

    \b
    markovgpt new plugin coin
    pip install -e markovgpt-coin
    markovgpt analyze --model coin
    """
    from string import Template

    from markovgpt.registry.sources import BUILT_IN

    if not re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", name):
        raise click.BadParameter(
            f"{name!r}: a plugin's name has small letters, digits and hyphens; it begins with a letter and does not "
            "end with a hyphen.",
            param_hint="NAME",
        )
    if name in BUILT_IN:
        raise click.BadParameter(
            f"{name!r} is a built-in model, which would be found before the plugin's: choose another name.",
            param_hint="NAME",
        )
    target = Path(folder) / f"markovgpt-{name}"
    if target.exists():
        raise click.BadParameter(f"{target} exists already; nothing was written.", param_hint="NAME")
    module = f"markovgpt_{name.replace('-', '_')}"
    templates = Path(__file__).parent / "templates" / "plugin"
    try:
        for template in sorted(templates.rglob("*.template")):
            place = str(template.relative_to(templates)).removesuffix(".template").replace("MODULE", module)
            path = target / place
            path.parent.mkdir(parents=True, exist_ok=True)
            text = Template(template.read_text(encoding="utf-8")).substitute(name=name, module=module)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"{target} cannot be written: {error.strerror}.", param_hint="--folder") from error
    click.echo(f"wrote {target}; next: pip install -e '{target}[test]', then markovgpt analyze --model {name}")
