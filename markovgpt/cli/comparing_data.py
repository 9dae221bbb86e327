"""How is a model compared with data: those given, or its own?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from markovgpt.cli.compared import data_to_compare, read_counts, read_heldout
from markovgpt.cli.comparing import Compared, draw_difference, enumerated, writers_of
from markovgpt.cli.options import load_from

if TYPE_CHECKING:
    from markovgpt.chain import MarkovChain
    from markovgpt.decoding import Decoding
    from markovgpt.model import LanguageModel, Progress

__all__ = ["with_data"]


def with_data(arguments: dict[str, Any], decoding: Decoding, progress: Progress) -> Compared:
    """Single contexts, orders, held-out data, the long run, and what was never seen."""
    from markovgpt.report.comparing import data_report
    from markovgpt.report.comparing.sections import data_sections

    data = data_to_compare(arguments)
    model = load_from(arguments, progress=progress, any_size=True)
    counts, source = read_counts(model, data, arguments, progress=progress)
    heldout = read_heldout(model, data, arguments, progress=progress)
    chain, reason = _chain(model, arguments, decoding, progress)
    report = data_report(
        model,
        counts,
        chain=chain,
        heldout=heldout,
        source=source,
        trained_on=not data.only_compared,
        rare=arguments["rare"],
        correction=arguments["correction"],
        not_computed=reason,
        progress=progress,
    )
    sections = data_sections(report, model, top=arguments["top"], level=arguments["level"])
    found, run = report.comparison, report.long_run
    metrics = {
        "excess": found.excess,
        "tv": float(found.total_variation.max()),
        "kl-rate": None if run is None or run.data is None else run.data.kl_rate,
        "unseen": None if run is None else run.unseen_mass,
    }
    title = f"{report.name} against {source}"

    def document() -> dict[str, Any]:
        from markovgpt.report.comparing.machine import data_to_dict

        return data_to_dict(report, model)

    def picture(path: Path) -> None:
        from markovgpt.model import vocabulary_of
        from markovgpt.plots.compared import plot_comparison

        law = model if chain is None else chain
        plot_comparison(law, counts, vocabulary=vocabulary_of(model), comparison=found, title=title).save(path)

    def graph(path: Path) -> None:
        assert chain is not None  # noqa: S101  # without one there is no graph
        own = report.own and report.own.stationary
        draw_difference(chain, counts.on(chain.states).after, path, stationary=own, title=title)

    return Compared(sections, writers_of(sections, document, picture), None if chain is None else graph, metrics)


def _chain(
    model: LanguageModel, arguments: dict[str, Any], decoding: Decoding, progress: Progress
) -> tuple[MarkovChain | None, str]:
    """The chain of the model; or, where it has too many states, why there is none."""
    from markovgpt.errors import ArgumentError, CostLimitError

    try:
        return enumerated(model, arguments, decoding, progress), ""
    except CostLimitError as error:
        if not decoding.is_default:
            raise ArgumentError(f"{error} Only a chain can be compared by another decoding rule.") from None
        return None, f"Not computed: {error}"
