"""How is a model compared with another model, a saved chain, or an n-gram model of its data?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from markovgpt.cli.compared import data_to_compare, read_counts
from markovgpt.cli.comparing import Compared, draw_difference, enumerated, writers_of
from markovgpt.cli.options import load_from

if TYPE_CHECKING:
    from markovgpt.chain import MarkovChain
    from markovgpt.decoding import Decoding
    from markovgpt.model import Progress

__all__ = ["with_model"]

_TEXT_LENGTHS = (1, 2, 4, 8, 16, 32, 64)


def with_model(arguments: dict[str, Any], decoding: Decoding, progress: Progress) -> Compared:
    """Rows, greedy decoding, the long run, and texts of several tokens."""
    from markovgpt.comparison import compare_chains, tokens_distance
    from markovgpt.errors import ArgumentError
    from markovgpt.model import model_name, vocabulary_of
    from markovgpt.ngrams import NgramModel
    from markovgpt.report.comparing.chains import chains_sections, chains_to_dict

    data = data_to_compare(arguments)
    if data.only_compared and arguments["against"] is not None:
        raise ArgumentError("--against compares two models: --data is of use only where the first is trained on it.")
    model = load_from(arguments, progress=progress)
    own = enumerated(model, arguments, decoding, progress)
    if arguments["order"] is not None:
        counts, _ = read_counts(model, data, arguments, progress=progress)
        other = NgramModel(
            counts, order=arguments["order"], smoothing=arguments["smoothing"], vocabulary=vocabulary_of(model)
        )
        theirs, name = enumerated(other, arguments, decoding, progress), other.name
    else:
        theirs, name = _other(arguments, decoding, progress)
    names = (model_name(model), name if name != model_name(model) else f"the other {name}")
    found = compare_chains(own, theirs, progress=progress)
    run = found.long_run_a
    law = None if run is None else run.stationary.probabilities
    distances = tuple(tokens_distance(found.a, found.b, n=n, law=law) for n in _TEXT_LENGTHS)
    sections = chains_sections(found, distances, names=names, top=arguments["top"])
    metrics = {
        "tv": float(found.total_variation.max()),
        "kl-rate": None if run is None else run.kl_rate,
        "long-run": found.stationary_distance,
        "greedy": float(len(found.greedy_states)),
    }

    def graph(path: Path) -> None:
        stationary = run and run.stationary
        rows = found.b.probabilities.__getitem__
        draw_difference(found.a, rows, path, stationary=stationary, title=" against ".join(names))

    return Compared(
        sections, writers_of(sections, lambda: chains_to_dict(found, distances, names=names), graph), graph, metrics
    )


def _other(arguments: dict[str, Any], decoding: Decoding, progress: Progress) -> tuple[MarkovChain, str]:
    """The chain that ``--against`` names, and what to call it."""
    from markovgpt.chain import MarkovChain
    from markovgpt.chain_files import load_chain
    from markovgpt.errors import ArgumentError
    from markovgpt.model import model_name
    from markovgpt.registry import load_model, parse_options

    spec = arguments["against"]
    options: dict[str, Any] = dict(parse_options(arguments["against_options"]))
    if Path(spec).suffix.lower() != ".npz":
        model = load_model(spec, progress=progress, **options)
        return enumerated(model, arguments, decoding, progress), model_name(model)
    if options:
        raise ArgumentError(f"-A gives options to a model: {spec} is a chain that was saved.")
    chain = load_chain(spec)
    if not isinstance(chain, MarkovChain):
        raise ArgumentError(f"{spec} holds only the contexts that a walk reached: save the chain of all contexts.")
    return chain, Path(spec).name
