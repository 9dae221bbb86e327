"""What is under test, and how is it asked? A model, the seed of the contexts and draws, and its exact chain."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import as_float64, checked_logits
from markovgpt.errors import ModelError
from markovgpt.model import LanguageModel, model_name, vocabulary_of
from markovgpt.testing.contexts import Contexts, contexts_of_length
from markovgpt.testing.findings import Finding, NotApplicable, fact

__all__ = ["Subject"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_MOST_STATES, _MOST_ENTRIES = 2**16, 2**21  # of a chain that is enumerated for the checks of samplers
_N, _ALPHA = 20_000, 1e-6
_ROWS = 2048  # of a call, where the model does not say


@final
class Subject:
    """A model in a check.

    Attributes
    ----------
    V, K : int
        As the model said before the first check: one that changes them is found.
    seed : int
        Of contexts that are drawn, and of every call of ``generate``.
    n : int
        Prompts that the check of a sampler continues.
    alpha : float
        False-alarm rate of one check of a sampler.
    spec : str
        What is typed to get this model on the command line.
    """

    def __init__(
        self, model: LanguageModel, *, seed: int = 0, n: int = _N, alpha: float = _ALPHA, spec: str | None = None
    ) -> None:
        self.model: Any = model
        self.V, self.K = int(model.vocab_size), int(model.context_length)
        self.seed, self.n, self.alpha = seed, n, alpha
        self.name = model_name(model)
        self.spec = shlex.quote(self.name) if spec is None else spec
        self._vocabulary = vocabulary_of(model)

    def identity(self) -> str:
        """What a model must not change between calls, in words."""
        texts = "" if getattr(self.model, "tokens", None) is None else f", tokens {tuple(self.model.tokens)}"
        return f"vocab_size {self.model.vocab_size}, context_length {self.model.context_length}{texts}"

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
        answer = as_float64(self.call("next_logits", contexts), f"next_logits of {self.name}")
        return (
            answer
            if answer.ndim == 2 and len(answer) == len(contexts)
            else checked_logits(answer, contexts, self.model)
        )

    def call(self, method: str, tokens: Integers, *arguments: Any, **options: Any) -> Any:
        """Call a method of the model with a copy of tokens, ``(m, length)``.

        Raises
        ------
        ModelError
            The model raised: its own traceback is kept, and the tokens are named that are enough to make it.
        """
        function = getattr(self.model, method)
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
        except Exception as error:
            shape = " x ".join(map(str, tokens.shape))
            first = self.label(tokens[0] if tokens.ndim == 2 else tokens[:8])
            first = f"the first {first}" if tokens.ndim == 2 and len(tokens) > 1 else first
            raise ModelError(
                f"{self.name} failed in {what}, given {shape} tokens, {first}: {type(error).__name__}: {error}",
                contexts=tokens,
            ) from error

    def takes(self, method: str, option: str) -> bool:
        """Whether a method of the model can be given an option of this name."""
        try:
            parameters = inspect.signature(getattr(self.model, method)).parameters
        except (TypeError, ValueError):  # written in C: nothing is known
            return True
        return option in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())

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
        for option in options:
            if not self.takes(method, option):
                raise NotApplicable(f"{method} takes no {option}")
        answer = self.call(method, prompts, n, seed=seed, **options)
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

    @cached_property
    def source(self) -> Any:
        """The exact laws: the chain of the model, by whole contexts; or the model, where that has too many states."""
        from markovgpt.enumeration import build_chain

        if self.K * np.log2(self.V) > np.log2(_MOST_STATES) or self.V ** (self.K + 1) > _MOST_ENTRIES:
            return self.model
        return build_chain(self.model, strategy="batched")

    def command(self, check: str) -> str:
        """What shows the failure of a check again."""
        return f"markovgpt check {self.spec} --only {check} --seed {self.seed}{self._changed(n='generate' in check)}"

    def sampler_command(self, *, state: str | None, method: str = "generate", **options: Any) -> str:
        """What judges the sampler again, from one state."""
        where = "" if state is None else f" --state {shlex.quote(state)}"
        how = "".join(f" --{name.replace('_', '-')} {value:g}" for name, value in options.items())
        other = "" if method == "generate" else f" --method {method}"
        return f"markovgpt check sampler {self.spec}{where}{how}{other} --seed {self.seed} -n {self.n}"

    def _changed(self, *, n: bool) -> str:
        """Options that are not the default, where they matter."""
        said = f" -n {self.n}" if self.n != _N else ""
        said += f" --alpha {self.alpha:g}" if self.alpha != _ALPHA else ""
        return said if n else ""

    def compared(self, contexts: Contexts) -> str:
        """The line of a message that says what was compared."""
        return fact("compared", contexts.describe())

    def worst(self, tokens: Integers, gap: str) -> str:
        """The line of a message that names the worst place."""
        return fact("worst", f"after {self.label(tokens)}: {gap}")

    def broken(self, what: str, *facts: str, likely: str | Callable[[], str] = "") -> Finding:
        """The failure of a check of this model."""
        return Finding(f"{self.name}: {what}", *facts, likely=likely)


def _fewest_rows(function: Callable[[Integers], Any], tokens: Integers) -> Integers:
    """Half of the rows that make a function fail, and half of those, as long as one of the halves does."""
    while len(tokens) > 1:
        for half in (tokens[: len(tokens) // 2], tokens[len(tokens) // 2 :]):
            try:
                function(half.copy())
            except Exception:
                tokens = half
                break
        else:
            return tokens  # they fail together only
    return tokens
