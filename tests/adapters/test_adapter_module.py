"""Is a torch module a model, whatever it returns, and is it left as it was?"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import markovgpt as mg
from markovgpt import ArgumentError, ModelError
from markovgpt.adapters import module
from markovgpt.testing import check_model

V, K = 3, 2


class Net(nn.Module):
    """Embedding, mean over the prefix, linear: (B, T) -> (B, T, V), in the form that ``shape`` asks for."""

    def __init__(self, form=lambda logits: logits):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.embedding = nn.Embedding(V, 4)
        self.head = nn.Linear(4, V)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
        self.form = form

    def forward(self, tokens):
        hidden = self.embedding(tokens).cumsum(dim=1)  # (B, T, 4)
        hidden = hidden / torch.arange(1, tokens.shape[1] + 1)[:, None]
        return self.form(self.head(hidden))  # (B, T, V)


FORMS = {
    "(batch, length, V)": lambda z: z,
    "(batch, V)": lambda z: z[:, -1],
    "(logits, loss)": lambda z: (z, None),
    "[logits]": lambda z: [z],
    "(logits of the last, cache)": lambda z: (z[:, -1], {"cache": 1}),
    "object with .logits": lambda z: SimpleNamespace(logits=z, loss=None),
    "object with .logits of the last": lambda z: SimpleNamespace(logits=z[:, -1]),
}


def _exact(lengths):
    """The law, context by context, from the parameters in float64."""
    net = Net().double()
    space = mg.StateSpace(vocab_size=V, context_length=K, lengths=lengths)
    rows = []
    for state in range(space.n_states):
        with torch.no_grad():
            logits = net(torch.tensor([space.context(state)]))[0, -1]
        rows.append(torch.softmax(logits, dim=0).numpy())
    return np.stack(rows)


@pytest.mark.parametrize("lengths", ["full", "all"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_module_may_answer_in_any_form(form, lengths):
    """The law after the last position, to float32."""
    chain = mg.build_chain(mg.from_module(Net(form), context_length=K), lengths=lengths)
    np.testing.assert_allclose(chain.probabilities, _exact(lengths), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "atol"), [(torch.float64, 1e-12), (torch.float32, 1e-6), (torch.bfloat16, 0.05), (torch.float16, 5e-3)]
)
def test_module_may_compute_in_any_precision(dtype, atol):
    """bfloat16 has 8 bits and no numpy type; the softmax is float64 all the same, and rows sum to 1."""
    chain = mg.build_chain(mg.from_module(Net(lambda z: z.to(dtype)), context_length=K))
    np.testing.assert_allclose(chain.probabilities, _exact("full"), rtol=0, atol=max(atol, 1e-6))
    np.testing.assert_allclose(chain.probabilities.sum(axis=1), 1, rtol=1e-15)


def test_module_tells_its_vocabulary():
    """Asked about one token where V is not given; parameters counted: 3*4 + 4*3 + 3."""
    model = mg.from_module(Net(), context_length=K, tokens="abc", name="tiny")
    assert (model.vocab_size, model.context_length, model.n_parameters) == (V, K, 27)
    assert mg.build_chain(model).label(1) == "ab"
    assert model.name == "tiny"
    assert mg.from_module(Net(), context_length=K, vocab_size=V).name == "Net"


@pytest.mark.parametrize("training", [True, False])
def test_module_is_left_in_its_mode(training):
    """Training or evaluation, as it was before."""
    net = Net().train(training)
    mg.build_chain(mg.from_module(net, context_length=K))
    assert [part.training for part in net.modules()] == [training] * 3


def test_submodules_are_left_in_their_modes():
    """A frozen part of a network in training stays frozen."""
    net = Net().train()
    net.embedding.eval()
    mg.build_chain(mg.from_module(net, context_length=K))
    assert (net.training, net.embedding.training, net.head.training) == (True, False, True)


def test_module_that_fails_is_left_in_its_mode():
    """The mode is put back on the way out of an exception, too."""

    def fail(z):
        raise RuntimeError("out of luck")

    net = Net(fail).train()
    model = mg.from_module(net, context_length=K, vocab_size=V)
    with pytest.raises(ModelError, match="RuntimeError: out of luck"):
        mg.build_chain(model)
    assert net.training
    assert net.head.training


def test_dropout_is_off():
    """In training mode half of the hidden units would be dropped: the law is that of evaluation, call after call."""
    net = Net()
    dropping = nn.Sequential(net.embedding, nn.Dropout(0.5), net.head).train()
    without = nn.Sequential(net.embedding, net.head)
    first, second, clean = (
        mg.build_chain(mg.from_module(part, context_length=1)) for part in (dropping, dropping, without)
    )
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    np.testing.assert_array_equal(first.probabilities, clean.probabilities)


def test_module_computes_no_gradients():
    """No graph is kept, no gradient appears; the user's setting of grad mode is not touched."""
    seen = []

    def watch(z):
        seen.append((torch.is_grad_enabled(), z.requires_grad))
        return z

    net = Net(watch)
    mg.build_chain(mg.from_module(net, context_length=K))
    assert set(seen) == {(False, False)}
    assert all(parameter.grad is None for parameter in net.parameters())
    assert torch.is_grad_enabled()


def test_module_is_given_whole_numbers_on_its_device():
    """int64 where the parameters are."""
    seen = []
    net = Net()
    net.register_forward_pre_hook(lambda _, args: seen.append((args[0].dtype, str(args[0].device))))
    mg.build_chain(mg.from_module(net, context_length=K, device="cpu"))
    assert set(seen) == {(torch.int64, "cpu")}


def test_module_is_moved_to_a_device(monkeypatch):
    """The meta device has no numbers, but every machine has it: the parameters go there, if it passes for another."""
    net = Net()
    monkeypatch.setattr(module, "find_device", torch.device)
    mg.from_module(net, context_length=K, vocab_size=V, device="meta")
    assert {parameter.device.type for parameter in net.parameters()} == {"meta"}


def test_module_is_not_moved_to_where_no_numbers_are():
    """meta is refused, and the module stays where it is."""
    net = Net()
    with pytest.raises(
        mg.ArgumentError, match="The device 'meta' cannot be used here: it holds shapes, and no numbers"
    ):
        mg.from_module(net, context_length=K, vocab_size=V, device="meta")
    assert {parameter.device.type for parameter in net.parameters()} == {"cpu"}


def test_module_without_parameters_runs_on_the_cpu():
    """There is no parameter to ask for the device."""

    class Uniform(nn.Module):
        def forward(self, tokens):
            return torch.zeros(len(tokens), V)

    np.testing.assert_array_equal(mg.build_chain(mg.from_module(Uniform(), context_length=1)).row("0"), [1 / V] * V)


def test_module_parameters_are_not_changed():
    """Bit for bit."""
    net = Net()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    mg.build_chain(mg.from_module(net, context_length=K))
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())


@pytest.mark.parametrize("thing", [lambda x: x, int, None, np.eye(2)], ids=["function", "class", "None", "array"])
def test_module_is_refused_when_it_is_none(thing):
    """With the adapter for functions."""
    with pytest.raises(ArgumentError, match=r"from_module needs a torch\.nn\.Module: got \w+\. For a function use"):
        mg.from_module(thing, context_length=K)


@pytest.mark.parametrize(
    ("form", "got"),
    [
        pytest.param(lambda z: z[0, 0], r"got Tensor of shape \(3,\)", id="one row"),
        pytest.param(lambda z: z[None], r"got Tensor of shape \(1, 1, 1, 3\)", id="four dimensions"),
        pytest.param(lambda z: {"logits": z}, "got dict", id="dict"),
        pytest.param(lambda _: None, "got NoneType", id="nothing"),
        pytest.param(lambda z: z.numpy(), "got ndarray", id="numpy"),
        pytest.param(lambda z: ("text", z), "got tuple", id="tuple that begins with something else"),
        pytest.param(lambda _: SimpleNamespace(logits=None), "got SimpleNamespace", id="empty .logits"),
    ],
)
def test_module_whose_answer_is_no_logits_is_refused(form, got):
    """What it may return, what it did, and the way out."""
    pattern = rf"Net must return logits \(batch, V\) or .*: {got}\. Wrap it in a function and use from_callable"
    with pytest.raises(ModelError, match=pattern):
        mg.from_module(Net(form), context_length=K)


def test_module_whose_vocabulary_is_padded_is_refused():
    """vocab_size=2 said, three logits given: the shape is told."""
    model = mg.from_module(Net(), context_length=1, vocab_size=2)
    with pytest.raises(ModelError, match=r"one row of 2 logits a context, shape \(2, 2\): got shape \(2, 3\)"):
        mg.build_chain(model)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_module_that_answers_at_every_position_gives_all_logits(form):
    """Then the chain of all lengths is made of V^K contexts; of other forms, of all of them."""
    model = mg.from_module(Net(form), context_length=5, vocab_size=V)
    answers = form(torch.zeros(1, 2, V))
    logits = getattr(answers, "logits", answers[0] if isinstance(answers, tuple | list) else answers)
    assert hasattr(model, "all_logits") == (logits.ndim == 3)
    if logits.ndim == 3:
        batched, prefix = (mg.build_chain(model, lengths="all", strategy=name) for name in ("batched", "prefix"))
        np.testing.assert_allclose(prefix.probabilities, batched.probabilities, rtol=0, atol=1e-6)
        assert prefix.origin.token_positions == 5 * V**5


class LooksAtAll(Net):
    """The mean over the whole context, at every position."""

    def forward(self, tokens):
        hidden = self.embedding(tokens).mean(dim=1, keepdim=True).expand(-1, tokens.shape[1], -1)
        return self.head(hidden)


class Attention(nn.Module):
    """One layer of attention, which hides the tokens from ``hidden_from`` places after its own on."""

    def __init__(self, vocab_size, hidden_from, *, width=8, longest=10):
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.tokens, self.places = nn.Embedding(vocab_size, width), nn.Embedding(longest, width)
        self.mixed, self.head = nn.Linear(width, 3 * width), nn.Linear(width, vocab_size)
        self.hidden_from = hidden_from
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) / width**0.5)

    def forward(self, tokens):
        length = tokens.shape[1]
        x = self.tokens(tokens) + self.places(torch.arange(length))  # (B, T, width)
        queries, keys, values = self.mixed(x).chunk(3, dim=-1)
        hidden = torch.ones(length, length).triu(self.hidden_from).bool()  # (T, T)
        weights = (queries @ keys.transpose(1, 2)).masked_fill(hidden, -torch.inf).softmax(-1)
        return self.head(x + weights @ values)


MASKS = {
    "right": (1, ""),
    "off by one": (2, "the causal mask is off by one"),
    "missing": (9, "the causal mask is missing"),
}


@pytest.mark.parametrize(("hidden_from", "likely"), MASKS.values(), ids=MASKS)
def test_check_of_causality_finds_a_wrong_mask(hidden_from, likely):
    """It compares the positions of the module itself, and says what is wrong with the mask."""
    model = mg.from_module(Attention(V, hidden_from), context_length=4)
    (result,) = check_model(model, only=["causal"]).results
    assert result.outcome == ("failed" if likely else "passed")
    assert likely in result.message


@pytest.mark.parametrize("lengths", ["full", "all"])
def test_module_without_a_mask_has_the_chain_of_its_last_positions(lengths):
    """Against each context by itself, in float64."""
    net = Attention(V, 9)
    chain = mg.build_chain(mg.from_module(net, context_length=3), lengths=lengths)
    space = mg.StateSpace(vocab_size=V, context_length=3, lengths=lengths)
    with torch.no_grad():
        alone = [net.double()(torch.tensor([space.context(state)]))[0, -1] for state in range(space.n_states)]
    np.testing.assert_allclose(chain.probabilities, torch.stack(alone).softmax(-1), rtol=0, atol=1e-5)


def test_shortcut_by_positions_that_look_ahead_is_noted_and_not_taken():
    """As large as it must be for the shortcut to be tried; with the mask it is taken."""
    right, wrong = (
        mg.build_chain(mg.from_module(Attention(2, hidden, width=128), context_length=10), lengths="all")
        for hidden in (1, 11)
    )
    assert (right.origin.strategy, right.origin.note) == ("prefix", "")
    assert wrong.origin.strategy == "batched"
    assert "The strategy 'prefix' was not used. Attention gives other laws by all_logits" in wrong.origin.note


def test_shortcut_that_is_asked_for_is_refused_where_positions_look_ahead():
    """With the context where it shows."""
    model = mg.from_module(LooksAtAll(), context_length=K, name="net")
    with pytest.raises(ModelError, match="net gives other laws by all_logits than by next_logits: after"):
        mg.build_chain(model, strategy="prefix", lengths="all")


@pytest.mark.parametrize("method", ["next_logits", "all_logits"])
def test_module_is_asked_about_no_more_than_its_context(method):
    """To crop here would hide what the module does with older tokens."""
    ask = getattr(mg.from_module(Net(), context_length=K, name="net"), method)
    assert len(ask(np.zeros((1, K), dtype=np.int64))) == 1
    with pytest.raises(ArgumentError, match="net takes at most K=2 tokens, its context_length: got 3"):
        ask(np.zeros((1, K + 1), dtype=np.int64))


def test_check_of_longer_histories_is_skipped_and_not_passed():
    """The mean of all tokens has no order; nothing is known of that within K."""
    (result,) = check_model(mg.from_module(Net(), context_length=K), only=["context_length"]).results
    assert (result.outcome, result.message) == ("skipped", "next_logits takes no more than K=2 tokens (ArgumentError)")


def test_export_that_is_set_on_the_model_is_checked():
    """The same weights pass, others do not."""
    net, other = Net(), Net()
    with torch.no_grad():
        other.head.bias += torch.arange(3.0)
    for copy, outcome in ((Net(), "passed"), (other, "failed")):
        model = mg.from_module(net, context_length=K)
        model.exported = mg.from_module(copy, context_length=K)
        (result,) = check_model(model, only=["same_chain"]).results
        assert result.outcome == outcome


class OneMode(Net):
    """Its mode cannot be changed, as that of what ``torch.export`` makes."""

    def train(self, mode=True):
        raise NotImplementedError("Calling train() is not supported yet.")


@pytest.mark.parametrize("inside", [False, True])
def test_module_that_refuses_evaluation_mode_runs_as_it_is(inside):
    """Other parts of it do change."""
    net = OneMode()
    whole = nn.Sequential(net, nn.Dropout(0.9)) if inside else net
    chain = mg.build_chain(mg.from_module(whole, context_length=K))
    np.testing.assert_allclose(chain.probabilities, _exact("full"), rtol=0, atol=1e-6)
    assert all(part.training for part in whole.modules())


def test_exported_program_is_a_module_like_others():
    """Its eval() raises."""
    program = torch.export.export(Net(), (torch.zeros(V**K, K, dtype=torch.int64),)).module()
    chain = mg.build_chain(mg.from_module(program, context_length=K, vocab_size=V), strategy="batched")
    np.testing.assert_allclose(chain.probabilities, _exact("full"), rtol=0, atol=1e-6)


def test_module_that_cannot_be_asked_about_one_token_needs_its_vocabulary():
    """Whatever it raises, even where it ends the program."""
    for raised, said in (
        (IndexError("too short"), "IndexError: too short"),
        (SystemExit(2), r"ended the program: SystemExit\(2\)"),
    ):

        def fail(_, raised=raised):
            raise raised

        with pytest.raises(ModelError, match=rf"Net failed when it was asked about one token.*{said}.*vocab_size="):
            mg.from_module(Net(fail), context_length=K)


def test_class_of_modules_is_to_be_called():
    """A frequent slip."""
    with pytest.raises(ArgumentError, match=r"Net is a class of modules: call it, from_module\(Net\(\), \.\.\.\)"):
        mg.from_module(Net, context_length=K)


def test_module_is_asked_for_all_logits_in_evaluation_mode():
    """Dropout would make noise; the mode is put back."""
    net = nn.Sequential(nn.Embedding(V, 8), nn.Dropout(0.5), nn.Linear(8, V)).train()
    model = mg.from_module(net, context_length=K, vocab_size=V)
    contexts = np.array([[0, 1], [2, 1]])
    torch.testing.assert_close(model.all_logits(contexts)[:, -1], model.next_logits(contexts))
    assert net.training
