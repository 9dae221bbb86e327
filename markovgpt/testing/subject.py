"""What is under test, and how is it asked? A model, the seed of the contexts and draws, and its exact chain."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import as_float64, checked_logits
from markovgpt.enumeration.closeness import (
    TOLERANCE,
    LawGaps,
    coarser_precision,
    half_precision,
    law_gaps,
    rounding_allowance,
)
from markovgpt.errors import ModelError
from markovgpt.model import LanguageModel, model_name, vocabulary_of
from markovgpt.raised import RAISED, told
from markovgpt.samplers import call_sampler, takes_option
from markovgpt.testing.contexts import Contexts, contexts_of_length
from markovgpt.testing.findings import Finding, NotApplicable, fact
from markovgpt.testing.reproducing import check_call, check_command, sampler_command
from markovgpt.testing.settings import Settings

__all__ = ["Subject"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_MOST_STATES, _MOST_ENTRIES = 2**16, 2**21  # of a chain that is enumerated for the checks of samplers
_ROWS = 2048  # of a call, where the model does not say
_SAMPLERS = ("generate", "generate_with_logprobs", "generate_speculative")


@final
class Subject:
    """A model in a check.

    Attributes
    ----------
    V, K : int
        As the model said before the first check: one that changes them is found.
    settings : Settings
        Seed of contexts that are drawn and of every call of ``generate``, prompts, rate of false alarms, tolerance.
    spec : str, or None
        What is typed to get this model on the command line; None: it was made in Python.
    """

    def __init__(
        self, model: LanguageModel, *, settings: Settings, spec: str | None = None, name: str | None = None
    ) -> None:
        self.model: Any = model
        self.V, self.K = int(model.vocab_size), int(model.context_length)
        self.settings = settings
        self.name = model_name(model) if name is None else name
        self.spec = spec
        self._vocabulary = vocabulary_of(model)
        self._exact = _Exact(model, self.V, self.K, self.name)
        self._noted, self._looked_up = "", False

    def asked_anew(self, settings: Settings) -> Subject:
        """The same model, with the same exact chain, under other settings; nothing is known of its precision yet."""
        subject = copy.copy(self)
        subject.settings = settings
        subject._noted, subject._looked_up = "", False
        return subject

    @property
    def seed(self) -> int:
        """Of contexts that are drawn, and of every call of ``generate``."""
        return self.settings.seed

    @property
    def n(self) -> int:
        """Prompts that the check of a sampler continues."""
        return self.settings.n

    @property
    def alpha(self) -> float:
        """False-alarm rate of one check of a sampler."""
        return self.settings.alpha

    def identity(self) -> str:
        """What a model must not change between calls, in words."""
        texts = vocabulary_of(self.model).tokens if hasattr(self.model, "tokens") else ()
        said = f", tokens {texts}" if texts else ""
        return f"vocab_size {self.model.vocab_size}, context_length {self.model.context_length}{said}"

    def contexts(self, length: int) -> Contexts:
        """Contexts of a length: all, or a sample."""
        return contexts_of_length(self.V, length, seed=self.seed)

    def label(self, tokens: Integers) -> str:
        """Tokens as a message shows them."""
        return repr(self._vocabulary.label(tuple(tokens.tolist())))

    @property
    def labels(self) -> list[str]:
        """The texts of the tokens."""
        return [repr(token) for token in self._vocabulary.tokens]

    def ask(self, contexts: Integers) -> Floats:
        """``next_logits`` of a copy, ``(m, length) -> (m, V)``: NaN and infinities are let through.

        ``logits_shape`` and ``logits_finite`` are about those; other checks must not fail for them again.
        """
        answer = self.numbers(self.call("next_logits", contexts), f"next_logits of {self.name}")
        return (
            answer
            if answer.ndim == 2 and len(answer) == len(contexts)
            else checked_logits(answer, contexts, self.model)
        )

    def numbers(self, answer: Any, source: str) -> Floats:
        """What the model answered as float64, and its precision noted; ``source`` says what it is, for the message."""
        self._noted = coarser_precision(self._noted, half_precision(answer))
        return as_float64(answer, source)

    @property
    def precision(self) -> str:
        """The coarsest half precision of all that was asked so far: "bfloat16", "float16", or ""."""
        return coarser_precision(self._noted, self._exact.precision if self._looked_up else "")

    def gaps(self, first: Floats, second: Floats) -> LawGaps:
        """How far the laws of logits are from those expected, ``(m, V)`` each, and where it is more than is allowed."""
        return law_gaps(first, second, allowed=self.allowed(second))

    def allowed(self, logits: Floats, *, least: float = TOLERANCE) -> float:
        """The largest difference of a probability that is called rounding, in laws with such logits ``(m, V)``.

        ``least`` is allowed in any precision, if no tolerance is given.
        """
        return self.settings.allowed(max(least, rounding_allowance(logits, self.precision)))

    def call(self, method: str, tokens: Integers, *arguments: Any, **options: Any) -> Any:
        """Call a method of the model with a copy of tokens, ``(m, length)``.

        Raises
        ------
        ModelError
            The model raised: its own traceback is kept, and the tokens are named that are enough to make it.
        """
        function = getattr(self.model, method)
        if method in _SAMPLERS:
            function = partial(call_sampler, function)
        try:
            return self.guarded(method, function, tokens, *arguments, **options)
        except ModelError as error:
            failure = error
        fewest = _fewest_rows(lambda rows: function(rows, *arguments, **options), tokens)
        self.guarded(method, function, fewest, *arguments, **options)
        raise failure  # it does not fail any more

    def guarded(
        self, what: str, function: Callable[..., Any], tokens: Integers, *arguments: Any, **options: Any
    ) -> Any:
        """As :meth:`call`, of any function."""
        try:
            return function(tokens.copy(), *arguments, **options)
        except RAISED as error:
            shape = " x ".join(map(str, tokens.shape))
            first = self.label(tokens[0] if tokens.ndim == 2 else tokens[:8])
            first = f"the first {first}" if tokens.ndim == 2 and len(tokens) > 1 else first
            raise ModelError(
                f"{self.name} failed in {what}, given {shape} tokens, {first}: {told(error)}",
                contexts=tokens,
            ) from error

    def takes(self, method: str, option: str) -> bool:
        """Whether a method of the model can be given an option of this name."""
        return takes_option(getattr(self.model, method), option)

    def generate(self, prompts: Integers, n: int, *, seed: int, method: str = "generate", **options: Any) -> Integers:
        """What ``generate`` makes of prompts ``(m, length)``, in calls of a size that suits the model: (m, length + n).

        Every call has a seed of its own, so that no two calls draw the same.

        Raises
        ------
        ModelError
            It raised, or what it returned is no continuation of the prompts; ``generate_shape`` is about that.
        NotApplicable
            It does not take an option.
        """
        whole = [
            self.drawn(method, prompts[rows], n, seed + number, **options)[0] for number, rows in self.calls(prompts)
        ]
        return np.concatenate(whole)

    def calls(self, prompts: Integers) -> list[tuple[int, slice]]:
        """The rows of every call, and its number."""
        rows = min(int(getattr(self.model, "contexts_per_call", None) or _ROWS), _ROWS)
        return [(i, slice(begin, begin + rows)) for i, begin in enumerate(range(0, len(prompts), rows))]

    def drawn(self, method: str, prompts: Integers, n: int, seed: int, **options: Any) -> tuple[Integers, Any]:
        """One call of a method that generates: the tokens, and what else it returned."""
        if missing := [option for option in options if not self.takes(method, option)]:
            raise NotApplicable(f"{method} takes no {missing[0]}")
        answer = self.call(method, prompts, n, seed=seed, **options)
        if answer is None:
            raise ModelError(f"{method} of {self.name} returned None: is a return missing?", returned=None)
        more = None
        if isinstance(answer, tuple) and len(answer) == 2:
            answer, more = answer
        tokens = np.asarray(answer.detach().cpu() if hasattr(answer, "detach") else answer)
        expected = (len(prompts), prompts.shape[1] + n)
        if tokens.shape != expected or not np.issubdtype(tokens.dtype, np.integer):
            raise ModelError(
                f"{method} of {self.name} must return prompts and {n} tokens after each, integers of shape {expected}: "
                f"got {tokens.dtype} of shape {tokens.shape}.",
                got=tokens.shape,
                dtype=tokens.dtype,
            )
        if not (tokens[:, : prompts.shape[1]] == prompts).all():
            raise ModelError(f"{method} of {self.name} must return rows that begin with the prompts: they do not.")
        if tokens.min() < 0 or tokens.max() >= self.V:
            token = int(tokens.max() if tokens.max() >= self.V else tokens.min())
            raise ModelError(f"{method} of {self.name} drew token {token}: tokens are 0..{self.V - 1}.", token=token)
        return tokens.astype(np.int64), more

    @property
    def source(self) -> Any:
        """The exact laws: the chain of the model, by whole contexts; or the model, where that has too many states."""
        self._looked_up = True
        return self._exact.source

    def command(self, check: str, *, timeout: float | None = None) -> str:
        """What shows the failure of a check again: a command, or a call, if the model has no name for commands."""
        if self.spec is None:
            return check_call(self.name, check, self.settings, timeout=timeout)
        return check_command(self.spec, check, self.settings, timeout=timeout)

    def sampler_command(self, *, state: str | None, method: str = "generate", **options: Any) -> str:
        """What judges the sampler again, from one state; empty, if the model has no name for commands."""
        if self.spec is None:
            return ""
        return sampler_command(self.spec, self.settings, state=state, method=method, **options)

    def compared(self, contexts: Contexts) -> str:
        """The line of a message that says what was compared."""
        return fact("compared", contexts.describe())

    def worst(self, tokens: Integers, gap: str) -> str:
        """The line of a message that names the worst place."""
        return fact("worst", f"after {self.label(tokens)}: {gap}")

    def broken(self, what: str, *facts: str, likely: str | Callable[[], str] = "", explained: str = "") -> Finding:
        """The failure of a check of this model."""
        return Finding(f"{self.name}: {what}", *facts, likely=likely, explained=explained)


@final
class _Exact:
    """The exact laws of a model, and the coarsest half precision that they came in; it is asked by this, as itself."""

    def __init__(self, model: Any, V: int, K: int, name: str) -> None:
        self._model, self._V, self._K = model, V, K
        self.name, self.precision = name, ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def next_logits(self, contexts: Integers) -> Any:
        answer = self._model.next_logits(contexts)
        self.precision = coarser_precision(self.precision, half_precision(answer))
        return answer

    @cached_property
    def source(self) -> Any:
        from markovgpt.enumeration import build_chain

        if self._K * np.log2(self._V) > np.log2(_MOST_STATES) or self._V ** (self._K + 1) > _MOST_ENTRIES:
            return self
        return build_chain(self, strategy="batched")


def _fewest_rows(function: Callable[[Integers], Any], tokens: Integers) -> Integers:
    """Half of the rows that make a function fail, and half of those, as long as one of the halves does."""
    while len(tokens) > 1:
        for half in (tokens[: len(tokens) // 2], tokens[len(tokens) // 2 :]):
            try:
                function(half.copy())
            except RAISED:
                tokens = half
                break
        else:
            return tokens  # they fail together only
    return tokens
