"""Draw docs/images through the library: babygpt alone, beside its data, and in the course of its training.

    python docs/make_images.py                       all of babygpt
    python docs/make_images.py topics-3 other.png    a saved model beside its data, in few colours: a small file

How the saved model was trained, and how its learning curves are drawn, is said on the page that shows them.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import click

import markovgpt as mg
from markovgpt.cli.draw import drawing_of
from markovgpt.comparison import LearningWatch
from markovgpt.model import model_name, tokens_of, vocabulary_of
from markovgpt.plots import Plot
from markovgpt.plots.compared import plot_comparison, plot_learning

FOLDER = Path(__file__).resolve().parent / "images"
PICTURES = {"babygpt-untrained.svg": 0, "babygpt-50-steps.svg": 50}
"""File name and number of training steps."""

STEPS = (0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 100, 150, 200, 300, 500)
_WIDTH, _COLOURS = 1300, 256  # of a picture in few colours


def main() -> None:
    """Write every picture, or that of one saved model."""
    if len(sys.argv) == 3:
        _few_colours(_against_data(mg.load_model(sys.argv[1])), Path(sys.argv[2]))
        return
    for name, steps in PICTURES.items():
        model = mg.load_model("babygpt", steps=steps)
        picture = drawing_of(model, mg.build_chain(model))
        picture.save(FOLDER / name)
        click.echo(f"wrote {FOLDER / name}, drawn by {picture.renderer}: {picture.caption}", err=True)
    model = mg.load_model("babygpt")
    chain = mg.build_chain(model)
    _against_data(model).save(FOLDER / "babygpt-against-data.svg")
    mg.draw(
        chain,
        data=_counts(model).full.after,
        stationary=mg.stationary_distribution(chain),
        title="babygpt against its training data",
    ).save(FOLDER / "babygpt-differences.svg")
    watch = LearningWatch(STEPS)
    mg.load_model("babygpt", steps=max(STEPS), checkpoint=watch)
    plot_learning(watch.curve(), title="babygpt in the course of training").save(FOLDER / "babygpt-learning.svg")


def _counts(model: mg.LanguageModel) -> mg.NgramCounts:
    return mg.count_ngrams(tokens_of(model), vocab_size=model.vocab_size, context_length=model.context_length)


def _against_data(model: mg.LanguageModel) -> Plot:
    title = f"{model_name(model)} against its training data"
    return plot_comparison(mg.build_chain(model), _counts(model), vocabulary=vocabulary_of(model), title=title)


def _few_colours(plot: Plot, path: Path) -> None:
    """A PNG of a crowd of dots, at half the size and with a palette."""
    from PIL import Image

    image = Image.open(io.BytesIO(plot.png())).convert("RGB")
    image = image.resize((_WIDTH, round(image.height * _WIDTH / image.width)), Image.Resampling.LANCZOS)
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
