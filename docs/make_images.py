"""Draw docs/images: babygpt before training and after the notebook's 50 steps, through the library."""

from __future__ import annotations

from pathlib import Path

import click

import markovgpt as mg
from markovgpt.cli.draw import drawing_of

FOLDER = Path(__file__).resolve().parent / "images"
PICTURES = {"babygpt-untrained.svg": 0, "babygpt-50-steps.svg": 50}
"""File name and number of training steps."""


def main() -> None:
    """Write every picture."""
    for name, steps in PICTURES.items():
        model = mg.load_model("babygpt", steps=steps)
        picture = drawing_of(model, mg.build_chain(model))
        picture.save(FOLDER / name)
        click.echo(f"wrote {FOLDER / name}, drawn by {picture.renderer}: {picture.caption}", err=True)


if __name__ == "__main__":
    main()
