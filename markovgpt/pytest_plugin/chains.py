"""Which chains were built already in this run?"""

from __future__ import annotations

import inspect
from collections import OrderedDict
from typing import Any, final

from markovgpt.chain import MarkovChain
from markovgpt.enumeration import build_chain
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel

__all__ = ["Chains"]

_MOST_CHAINS = 32
_OPTION = inspect.Parameter.KEYWORD_ONLY


@final
class Chains:
    """Chains of models, built once for every model, fingerprint and options.

    A chain is given again only for the same object with the same fingerprint: a copy of a model that computes otherwise
    may well carry the fingerprint of the weights that it was made from, and a model without a fingerprint may have
    changed since. So what is kept is never another chain than the one that would be built.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], tuple[LanguageModel, MarkovChain]] = OrderedDict()

    def chain(self, model: LanguageModel, **options: Any) -> MarkovChain:
        """The chain of a model; options are those of :func:`markovgpt.build_chain`."""
        _check_options(options)
        fingerprint = getattr(model, "fingerprint", None)
        if not fingerprint:
            return build_chain(model, **options)
        key = (id(model), fingerprint, tuple(sorted((name, repr(value)) for name, value in options.items())))
        if key not in self._kept:
            self._kept[key] = model, build_chain(model, **options)  # the model is kept: its id stays its own
            if len(self._kept) > _MOST_CHAINS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key][1]


def _check_options(options: dict[str, Any]) -> None:
    known = [name for name, option in inspect.signature(build_chain).parameters.items() if option.kind is _OPTION]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ArgumentError(
            f"markov_chain has no option {unknown[0]!r}: its options are {', '.join(known)}. Temperature, top_k and "
            "top_p are a rule: decoding=Decoding(top_k=3).",
            option=unknown[0],
        )
