"""What must hold for any model behind the protocol? One function a rule; a broken rule is an AssertionError."""

from markovgpt.testing.checks.batches import batch_rows_independent, batch_size_tolerance, padding
from markovgpt.testing.checks.capabilities import logprobs_match_law, same_chain, speculative
from markovgpt.testing.checks.filters import (
    generate_default_is_chain,
    generate_is_markov,
    generate_support,
    generate_temperature,
    generate_top_k,
    generate_top_p,
)
from markovgpt.testing.checks.generation import generate_greedy, generate_seeded, generate_shape
from markovgpt.testing.checks.logits import logits_finite, logits_shape
from markovgpt.testing.checks.purity import deterministic, input_unchanged, no_state_leak
from markovgpt.testing.checks.record import Check
from markovgpt.testing.checks.sessions import fork_is_independent, session_after_crop, session_equals_recompute
from markovgpt.testing.checks.short_prompts import generate_short_prompts
from markovgpt.testing.checks.windows import causal, context_length, order_tight

__all__ = ["CHECKS", "Check"]

CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        logits_shape,
        logits_finite,
        input_unchanged,
        deterministic,
        no_state_leak,
        batch_rows_independent,
        batch_size_tolerance,
        padding,
        context_length,
        order_tight,
        causal,
        session_equals_recompute,
        session_after_crop,
        fork_is_independent,
        generate_shape,
        generate_seeded,
        generate_greedy,
        generate_default_is_chain,
        generate_short_prompts,
        generate_temperature,
        generate_top_k,
        generate_top_p,
        generate_support,
        generate_is_markov,
        logprobs_match_law,
        speculative,
        same_chain,
    )
}
"""Every check by name, in the order in which they make sense."""
