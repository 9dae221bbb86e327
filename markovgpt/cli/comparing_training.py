"""How is a model compared with data in the course of its training, or one saved model after the other?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from markovgpt.cli.compared import data_to_compare, read_counts
from markovgpt.cli.comparing import Compared, writers_of
from markovgpt.cli.options import load_from

if TYPE_CHECKING:
    from markovgpt.decoding import Decoding
    from markovgpt.model import LanguageModel, Progress

__all__ = ["over_training"]


def over_training(arguments: dict[str, Any], decoding: Decoding, progress: Progress) -> Compared:
    """One row a step, when each order was learned, and when each arrow came to its share."""
    from markovgpt.comparison import LearningWatch
    from markovgpt.errors import TrainingInterruptedError
    from markovgpt.model import model_name
    from markovgpt.report.comparing.learning import learning_sections, learning_to_dict

    data, interrupted = data_to_compare(arguments), ""
    options: dict[str, Any] = {"decoding": decoding, "progress": progress}
    options["counts"] = lambda model: read_counts(model, data, arguments, progress=progress)[0]
    if arguments["max_states"] is not None:
        options["max_states"] = arguments["max_states"]
    if arguments["checkpoints"]:
        saved = _saved_models(arguments["checkpoints"], progress)
        watch = LearningWatch([step for step, _, _ in saved], **options)
        for step, spec, model in saved:
            watch(step, model, name=spec)
        name = "Saved models"
    else:
        steps = _steps(arguments)
        watch = LearningWatch(steps, **options)
        arguments["steps"] = max(steps)
        try:
            model = load_from(arguments, progress=progress, checkpoint=watch, any_size=True)
        except TrainingInterruptedError as error:
            if not watch.n_seen:
                raise
            model, interrupted = error.facts["model"], f"{error} What is shown is what was seen until then."
        name = model_name(model)
    curve, title = watch.curve(), f"{name} in the course of training"
    sections = learning_sections(curve, title=title, top=arguments["top"])
    last = curve.steps[-1]
    metrics = {
        "excess": last.comparison.excess,
        "tv": float(last.comparison.total_variation.max()),
        "unseen": last.unseen_mass,
    }

    def picture(path: Path) -> None:
        from markovgpt.plots.compared import plot_learning

        plot_learning(curve, title=title).save(path)

    writers = writers_of(sections, lambda: learning_to_dict(curve), picture)
    return Compared(sections, writers, None, metrics, interrupted)


def _steps(arguments: dict[str, Any]) -> list[int]:
    """The numbers of training steps of ``--over-training``, where the model can be watched in training."""
    from markovgpt.errors import ArgumentError
    from markovgpt.registry import parse_options, takes_option

    text = arguments["over_training"]
    try:
        steps = [int(step) for step in text.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"numbers of training steps between commas, such as 0,1,2,5,10: got {text!r}.",
            param_hint="'--over-training'",
        ) from None
    if arguments["steps"] is not None or arguments["untrained"] or "steps" in parse_options(arguments["options"]):
        raise ArgumentError(
            "--over-training tells the number of steps: give it without --steps, --untrained and -M steps."
        )
    if not takes_option(arguments["model"], "checkpoint"):
        raise ArgumentError(
            f"{arguments['model']} cannot be watched in training: --over-training needs babygpt, mingpt, or a function "
            "that takes `checkpoint` and calls it. For models that were saved on the way: --checkpoint FOLDER for each."
        )
    return steps


def _saved_models(specs: tuple[str, ...], progress: Progress) -> list[tuple[int, str, LanguageModel]]:
    """Saved models, and the step of each: as many as they were trained for, or their place if these do not differ."""
    from markovgpt.registry import load_model

    models = [load_model(spec, progress=progress) for spec in specs]
    steps = [len(getattr(getattr(model, "training", None), "losses", ())) for model in models]
    if len(set(steps)) < len(steps):
        steps = list(range(len(steps)))
    return list(zip(steps, specs, models, strict=True))
