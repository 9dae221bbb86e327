"""``markovgpt check``: does a model keep the rules, and does a sampler follow its chain?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from markovgpt.cli.checked import Delivery, prints_on_stderr
from markovgpt.cli.declaring import Command, with_options
from markovgpt.cli.progress import ProgressBar
from markovgpt.testing.settings import DEFAULTS

if TYPE_CHECKING:
    from markovgpt.model import LanguageModel
    from markovgpt.testing import CheckReport

__all__ = ["check"]


class _Default(click.Group):
    """A group whose first command is meant where none is named: ``check SPEC`` is ``check model SPEC``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Name the command that is meant."""
        helps = self.get_help_option_names(ctx)
        first = args[0] if args else "" if ctx.resilient_parsing else "SPEC"  # which is then found to be missing
        if first and first not in self.commands and first not in helps:
            args = ["model", *args]
        return super().parse_args(ctx, args)


def _spec_options(command: Command) -> Command:
    """Which model, and the options that make it."""
    return with_options(
        command,
        click.argument("spec"),
        click.option(
            "-M",
            "options",
            multiple=True,
            metavar="KEY=VALUE",
            help="An option of the model, for example -M steps=0. Repeat for more.",
        ),
        click.option(
            "--model-config", metavar="FILE", help="Options of the model from a .toml or .json file; -M wins."
        ),
        click.option("--device", metavar="NAME", help="Where the model computes, such as cuda.  [default: cpu]"),
    )


_SEED = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=DEFAULTS.seed,
    show_default=True,
    help="Of sampled contexts and of all draws.",
)
_N = click.option(
    "-n",
    "n",
    type=click.IntRange(min=1),
    default=DEFAULTS.n,
    show_default=True,
    help="Prompts that a sampler continues.",
)
_ALPHA = click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=DEFAULTS.alpha,
    show_default=True,
    help="False-alarm rate of each judgement of a sampler.",
)
_ATOL = click.option(
    "--atol",
    type=click.FloatRange(0, 1, max_open=True),
    show_default="1e-6, or what the precision of the answers loses",
    help="Largest difference of a probability that is called rounding.",
)


@click.group(cls=_Default)
def check() -> None:
    """Check that a model is a model, and that what it generates follows its chain.

    markovgpt check SPEC runs every check that the model allows: SPEC is a name (markovgpt models), file.py:attr,
    package.module:attr, or the folder of a saved model. It is short for markovgpt check model SPEC.

    \b
    markovgpt check babygpt
    markovgpt check my_gpt.py:load --only causal --only session_after_crop
    markovgpt check my_gpt.py:load --expect-failure padding="known, issue 12" --format junit -o checks.xml
    markovgpt check sampler my_gpt.py:load --state "to b" --top-k 5
    """


@check.command("model")
@_spec_options
@click.option("--only", multiple=True, metavar="CHECK", help="Run this check. Repeat for more.")
@click.option("--skip", multiple=True, metavar="CHECK", help="Leave this check out. Repeat for more.")
@click.option(
    "--expect-failure",
    "expected",
    multiple=True,
    metavar="CHECK=REASON",
    help="This check fails, and why: it is a failure if it passes. Repeat for more.",
)
@click.option("--timeout", type=float, metavar="SECONDS", help="Give up a check that takes longer: the model hangs.")
@_SEED
@_N
@_ALPHA
@_ATOL
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit", "github"]),
    help="Of the report.  [default: json and junit for a FILE that ends in .json and .xml; text]",
)
@click.option("--output", "-o", metavar="FILE", help="Write the report there; the counts go to stdout.")
def model(**arguments: Any) -> None:
    """Run the checks on a model: one line each, and the failures in full.

    Exit code 1 if a check failed, 3 if the model raised, hung or changed its vocabulary. markovgpt explain CHECK says
    what a check does and how to mend what it finds. What the model prints goes to stderr.
    """
    from markovgpt.model import model_name
    from markovgpt.testing import check_model
    from markovgpt.testing.chosen import chosen_checks, expected_checks
    from markovgpt.testing.deadline import check_timeout
    from markovgpt.testing.settings import resolved

    settings = {name: arguments[name] for name in ("seed", "n", "alpha", "atol")}
    names = chosen_checks(arguments["only"] or None, arguments["skip"])
    expected = expected_checks(_reasons(arguments["expected"]), names)
    timeout = check_timeout(arguments["timeout"])
    delivery = Delivery(arguments["output"], arguments["form"], names=names, settings=resolved(**settings))
    with prints_on_stderr():
        thing = _load(arguments)
        with ProgressBar() as progress:
            report = check_model(
                thing,
                expected_failures=expected,
                only=names,
                timeout=timeout,
                spec=_typed(arguments),
                progress=None if delivery.is_watched else progress,
                found=partial(delivery.show, model=model_name(thing)),
                **settings,
            )
    delivery.finish(report)
    _leave(report)


@check.command()
@_spec_options
@click.option(
    "--state", "states", multiple=True, metavar="CONTEXT", help="Draw after this context only. Repeat for more."
)
@click.option(
    "--length", type=click.IntRange(min=1), default=4, show_default=True, help="Tokens drawn after each prompt."
)
@click.option("--method", default="generate", show_default=True, help="The method of the model that generates.")
@click.option("--temperature", type=click.FloatRange(min=0), default=1.0, show_default=True, help="0 is greedy.")
@click.option("--top-k", type=int, help="Keep the k likeliest tokens (ties are kept).")
@click.option("--top-p", type=float, help="Keep the likeliest tokens up to this sum (the crossing one is kept).")
@_SEED
@_N
@_ALPHA
def sampler(**arguments: Any) -> None:
    """Judge what a model generates against its exact law, state by state.

    Exit code 1 if a state is rejected.

    \b
    markovgpt check sampler babygpt
    markovgpt check sampler babygpt --state 101 --state 111 --temperature 0.7 -n 100000
    """
    from markovgpt.testing.judging import judge_sampler

    named = {"temperature": 1.0, "top_k": None, "top_p": None}
    rule = {name: arguments[name] for name, default in named.items() if arguments[name] != default}
    with prints_on_stderr():
        verdict, said = judge_sampler(
            _load(arguments),
            states=arguments["states"],
            length=arguments["length"],
            method=arguments["method"],
            seed=arguments["seed"],
            n=arguments["n"],
            alpha=arguments["alpha"],
            spec=_typed(arguments),
            **rule,
        )
    click.echo(said)
    if not verdict.ok:
        raise click.exceptions.Exit(1)


def _load(arguments: dict[str, Any]) -> LanguageModel:
    """The model that is named."""
    from markovgpt.cli.options import model_from
    from markovgpt.registry import load_model

    given = {name: arguments[name] for name in ("options", "model_config", "device")}
    spec, chosen = model_from({"model": arguments["spec"], **given})
    with ProgressBar() as progress:
        return load_model(spec, progress=progress, **chosen)


def _typed(arguments: dict[str, Any]) -> str:
    """What was typed to name the model, quoted for a shell."""
    import shlex

    words = [arguments["spec"]]
    for option, values in (("-M", arguments["options"]), ("--model-config", arguments["model_config"])):
        for value in [values] if isinstance(values, str) else values or ():
            words += [option, value]
    words += ["--device", arguments["device"]] if arguments["device"] else []
    return shlex.join(words)


def _reasons(texts: Sequence[str]) -> dict[str, str]:
    """Check to reason, as typed."""
    reasons = {}
    for text in texts:
        name, equals, reason = text.partition("=")
        if not equals or not reason.strip():
            raise click.BadParameter(
                f"write CHECK=REASON, for example causal='bidirectional on purpose': got {text!r}.",
                param_hint="'--expect-failure'",
            )
        if name in reasons:
            raise click.BadParameter(f"{name} is given twice.", param_hint="'--expect-failure'")
        reasons[name] = reason.strip()
    return reasons


def _leave(report: CheckReport) -> None:
    """The exit code of a report."""
    failed = [result for result in report.results if result.outcome == "failed"]
    if any(result.broken for result in failed):
        raise click.exceptions.Exit(3)
    if not report.ok:
        raise click.exceptions.Exit(1)
