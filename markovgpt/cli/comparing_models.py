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

    specs = (arguments["model"], arguments["against"])
    data, order = data_to_compare(arguments), arguments["order"]
    if data.only_compared and order is None:
        raise ArgumentError("--against compares two models: --data is of use only where the first is trained on it.")
    theirs, name = _other(arguments, decoding, progress) if order is None else (None, "")

    def fits(vocab_size: int, context_length: int) -> None:  # noqa: ARG001  # the order is about contexts only
        if order is not None and order > context_length:
            raise ArgumentError(
                f"The model has a context of {context_length}: --order is 0 to {context_length}, got {order}."
            )

    model = load_from(arguments, progress=progress, size_check=fits)
    fits(model.vocab_size, model.context_length)
    own = enumerated(model, arguments, decoding, progress)
    if theirs is None:
        counts, _ = read_counts(model, data, arguments, progress=progress)
        other = NgramModel(counts, order=order, smoothing=arguments["smoothing"], vocabulary=vocabulary_of(model))
        theirs, name = enumerated(other, arguments, decoding, progress, is_first=False), other.name
    names = _two_names(model_name(model), name, specs)
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
        draw_difference(
            found.a, rows, path, stationary=stationary, title=" against ".join(names), compared_with=names[1]
        )

    return Compared(
        sections, writers_of(sections, lambda: chains_to_dict(found, distances, names=names), graph), graph, metrics
    )


def _two_names(one: str, other: str, specs: tuple[str, str | None]) -> tuple[str, str]:
    """What to call two models: as they are called, or, where that is the same, as they were given."""
    if one != other:
        return one, other
    given, against = (Path(spec).name if spec else "" for spec in specs)
    return (given, against) if given != against else (one, f"the other {other}")


def _other(arguments: dict[str, Any], decoding: Decoding, progress: Progress) -> tuple[MarkovChain, str]:
    """The chain that ``--against`` names, and what to call it."""
    from markovgpt.chain import MarkovChain
    from markovgpt.chain_files import is_chain_file, load_chain
    from markovgpt.errors import ArgumentError
    from markovgpt.model import model_name
    from markovgpt.registry import load_model, parse_options

    spec = arguments["against"]
    options: dict[str, Any] = dict(parse_options(arguments["against_options"]))
    if not is_chain_file(spec):
        model = load_model(spec, progress=progress, **options)
        return enumerated(model, arguments, decoding, progress, is_first=False), model_name(model)
    if options:
        raise ArgumentError(f"-A gives options to a model: {spec} is a chain that was saved.")
    chain = load_chain(spec)
    if not isinstance(chain, MarkovChain):
        raise ArgumentError(f"{spec} holds only the contexts that a walk reached: save the chain of all contexts.")
    return chain, Path(spec).name
