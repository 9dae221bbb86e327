"""``markovgpt draw``: what does the chain look like?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from markovgpt.cli.options import decoding_from, decoding_options, load_from, model_options, space_options
from markovgpt.cli.output import check_suffixes, output_option, write_files
from markovgpt.cli.parts import chain_from, part_of, part_options
from markovgpt.cli.progress import ProgressBar

if TYPE_CHECKING:
    from markovgpt.analysis import StationaryDistribution
    from markovgpt.chain import MarkovChain
    from markovgpt.drawing import Drawing
    from markovgpt.model import LanguageModel
    from markovgpt.sparse_chain import SparseChain

__all__ = ["draw", "drawing_of", "states_drawn"]

_SUFFIXES = (".svg", ".png", ".pdf", ".dot", ".html")
_ALL, _PART = 64, 24  # states drawn whole, and of a larger chain: more than that is not readable on a screen


@click.command()
@model_options
@decoding_options
@space_options
@part_options
@click.option(
    "--max-nodes",
    type=click.IntRange(min=1),
    help="Draw this many states at most, the heaviest.  [default: up to 64 all, above that 24]",
)
@output_option(_SUFFIXES, what="Where to draw, by suffix", default="  [default: the model's name .svg]")
def draw(**arguments: Any) -> None:
    """Draw the chain: a node a state, an arrow a token, as in the notebook.

    Wide, dark arrows are likely; large nodes are where the chain spends its time; dashed nodes never occurred in the
    training data.

    \b
    markovgpt draw --model babygpt -o babygpt.svg
    """
    paths = check_suffixes(arguments.pop("output"), _SUFFIXES)
    max_nodes, decoding = arguments.pop("max_nodes"), decoding_from(arguments)

    from markovgpt.analysis import stationary_distributions
    from markovgpt.errors import NotComputedError
    from markovgpt.model import model_name

    with ProgressBar() as progress:
        model = load_from(arguments, progress=progress)
        model = part_of(model, arguments)
        chain = chain_from(model, arguments, decoding=decoding, progress=progress)
        try:
            found = stationary_distributions(chain, progress=progress)
        except NotComputedError:
            found = ()
    picture = drawing_of(model, chain, stationary=found[0] if len(found) == 1 else None, max_nodes=max_nodes)
    paths = paths or check_suffixes([f"{model_name(model)}.svg"], _SUFFIXES)
    click.echo(f"{picture.caption}\nLaid out by {picture.renderer}.")
    write_files(paths, dict.fromkeys(_SUFFIXES, picture.save))


def drawing_of(
    model: LanguageModel,
    chain: MarkovChain | SparseChain,
    *,
    stationary: StationaryDistribution | None = None,
    max_nodes: int | None = None,
) -> Drawing:
    """The picture of a model's chain, with the states that its training data never visit dashed."""
    from markovgpt.drawing import draw as draw_chain
    from markovgpt.model import model_name, tokens_of
    from markovgpt.ngrams import count_ngrams
    from markovgpt.sparse_chain import SparseChain

    tokens = tokens_of(model)
    seen = None
    if tokens is not None and not isinstance(chain, SparseChain):
        counts = count_ngrams(tokens, vocab_size=chain.vocab_size, context_length=chain.context_length)
        seen = counts.on(chain.states).seen(chain.n_states)
    training: Any = getattr(model, "training", None)
    steps = len(getattr(training, "losses", ()))
    title = f"{model_name(model)} after {steps:,} training steps" if steps else f"{model_name(model)}, untrained"
    if not hasattr(model, "training"):
        title = model_name(model)
    if not chain.origin.decoding.is_default:
        title += f", {chain.origin.decoding.describe()}"
    most = max_nodes or states_drawn(chain.n_states)
    return draw_chain(chain, stationary=stationary, seen=seen, max_nodes=most, title=title)


def states_drawn(n_states: int) -> int:
    """How many states of a chain are drawn where nobody says: all of a few, of many a part that can be read."""
    return _ALL if n_states <= _ALL else _PART
