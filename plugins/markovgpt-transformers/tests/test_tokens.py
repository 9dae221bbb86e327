"""Are labels readable and different, and does text become the tokens that it names?"""

from __future__ import annotations

import markovgpt as mg
import pytest
import tiny
import tokenizers
import transformers

import markovgpt_transformers as mt
from markovgpt_transformers.tokens import token_texts


@pytest.fixture(scope="module")
def bpe():
    return tiny.byte_level_bpe()


@pytest.fixture(scope="module")
def model(bpe, tmp_path_factory):
    """A padded vocabulary: three logits more than the tokenizer has tokens."""
    folder = tiny.save(tmp_path_factory.mktemp("bpe"), "gpt2", tokenizer=bpe, vocab_size=len(bpe) + 3)
    return mt.load(folder, context_length=2)


def test_byte_level_pieces_are_shown_as_text(bpe):
    """'Ġthe' is ' the', 'Ċ' a line break; half a character is its byte."""
    texts = token_texts(bpe, len(bpe))
    of = dict(zip(bpe.convert_ids_to_tokens(list(range(len(bpe)))), texts, strict=True))
    assert (of["Ġ"], of["Ċ"], of["Ġthe"], of["a"], of["<|end|>"]) == (" ", "\n", " the", "a", "<|end|>")
    assert of["Ã"] == "\\xc3"


def test_labels_of_byte_level_tokens_spell_the_text(bpe):
    """For text without half characters, the labels in a row are the text."""
    texts = token_texts(bpe, len(bpe))
    text = "the cat sat on\nthe mat"
    assert "".join(texts[token] for token in bpe.encode(text)) == text


def test_sentence_piece_tokens_are_shown_as_text():
    """'▁the' is ' the', '<0x0A>' a line break; byte 0x41 is 'A', as is token 8, which then carries its number."""
    tokenizer = tiny.sentence_piece()
    assert token_texts(tokenizer, len(tokenizer)) == (
        *("<unk>", "<s>", "\n", "\\xe2", "A", " the", "the", " ", "A#8", "t", "h", "e"),
    )


def test_special_tokens_keep_the_name_that_they_have():
    """DeepSeek's begin with a wide bar and hold SentencePiece's blank: that is their name, and no blank."""
    tokenizer = tiny.sentence_piece()
    tokenizer.add_special_tokens({"eos_token": "<｜end▁of▁text｜>"})
    assert token_texts(tokenizer, len(tokenizer))[-1] == "<｜end▁of▁text｜>"


def test_every_label_is_different_when_a_made_up_name_is_taken():
    """'x' twice, and the name that the second would get exists already."""

    class Tokenizer:
        added_tokens_decoder: dict[int, object] = {}  # noqa: RUF012  # as transformers has it

        def __len__(self):
            return 4

        def convert_ids_to_tokens(self, ids):
            return [["x", "x#1", "x", "x#2"][i] for i in ids]

    assert token_texts(Tokenizer(), 5) == ("x", "x#1", "x#2#2", "x#2", "<unused-4>")


def test_padded_vocabulary_has_labels_and_real_probability(model, bpe):
    """V is the number of logits; what the tokenizer does not have can still be drawn."""
    n = len(bpe)
    assert model.vocab_size == n + 3
    assert model.tokens[n:] == tuple(f"<unused-{token}>" for token in range(n, n + 3))
    assert len(set(model.tokens)) == model.vocab_size
    assert model.next_logits([[1]]).softmax(-1)[0, n:].min() > 0
    assert model.token_id(f"<unused-{n + 1}>") == n + 1
    assert model.decode([n, 5]) == f"<unused-{n}> {model.tokens[5]}"


def test_tokens_are_numbers_when_there_is_no_tokenizer(saved):
    """GPT-2: from such a folder transformers 5.23 makes a tokenizer that turns every text into nothing."""
    model = mt.load(saved("gpt2"), context_length=2)
    assert model.tokenizer is None
    assert model.tokens == tuple(map(str, range(tiny.V)))
    assert model.token_id("7") == 7
    assert model.decode([3, 4]) == "3 4"
    with pytest.raises(mg.ArgumentError, match="gpt2 has no tokenizer: give token numbers, 0 to 10"):
        model.encode("the")


def test_tokenizer_can_be_left_out(tmp_path, bpe):
    folder = tiny.save(tmp_path, "gpt2", tokenizer=bpe, vocab_size=len(bpe))
    assert mt.load(folder, context_length=2, tokenizer=False).tokens[:3] == ("0", "1", "2")


def test_text_and_tokens_are_each_others_inverse(model):
    for text in ("the cat", " a naïve café", "\n", "<|end|>"):
        assert model.decode(model.encode(text)) == text


def test_encode_adds_no_special_tokens(tmp_path):
    """Llama's tokenizers put <s> in front of every text, wherever it will stand."""
    tokenizer = tiny.sentence_piece()
    backend = tokenizer.backend_tokenizer
    from tokenizers.processors import TemplateProcessing

    backend.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    assert tokenizer.encode("the")[0] == 1
    model = mt.load(tiny.save(tmp_path, "llama", tokenizer=tokenizer, vocab_size=12), context_length=2)
    assert 1 not in model.encode("the")


def test_token_of_a_text_is_found_by_label_or_by_the_tokenizer(model, bpe):
    assert model.tokens[model.token_id(" the")] == " the"
    assert model.token_id("a") == bpe.encode("a")[0]
    assert mg.find_tokens(model, [" the"]) == [model.token_id(" the")]


def test_text_of_several_tokens_is_refused_and_shown_in_pieces(model):
    with pytest.raises(
        mg.ArgumentError, match=r"' zebra' is not one token of gpt2, but 6: ' ' \+ 'z' \+ 'e' \+ 'b' \+"
    ):
        model.token_id(" zebra")


def test_refusal_names_the_token_with_a_blank_in_front():
    """'Ġzx' was merged from the left, so 'zx' is no token."""
    made = tokenizers.Tokenizer(
        tokenizers.models.BPE(vocab={"Ġ": 0, "z": 1, "x": 2, "Ġz": 3, "Ġzx": 4}, merges=[("Ġ", "z"), ("Ġz", "x")])
    )
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=made)
    model = mt.from_transformers(tiny.network("gpt2"), tokenizer, context_length=2, name="gpt2")
    assert model.encode(" zx") == [4]
    with pytest.raises(mg.ArgumentError, match=r"'zx' is not .*, but 2: 'z' \+ 'x'\. With a blank .* one: ' zx'"):
        model.token_id("zx")


def test_tokenizer_that_cannot_be_read_is_an_error_with_a_way_out(tmp_path, bpe):
    folder = tiny.save(tmp_path, "gpt2", tokenizer=bpe, vocab_size=len(bpe))
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(mg.ModelLoadError, match=r"(?s)The tokenizer in .*gpt2 cannot be read.*tokenizer=False"):
        mt.load(folder, context_length=2)


def test_prompt_needs_a_tokenizer(saved):
    with pytest.raises(mg.ArgumentError, match="A prompt needs a tokenizer, and gpt2 has none"):
        mt.load(saved("gpt2"), context_length=2, prompt="the")


def test_start_needs_a_token_that_begins_a_text():
    network = tiny.network("bloom", bos_token_id=None)
    with pytest.raises(mg.ArgumentError, match="has no token that begins a text: leave out start='bos'"):
        mt.from_transformers(network, context_length=2, start="bos")
    with pytest.raises(mg.ArgumentError, match="start is 'none' or 'bos': got 'eos'"):
        mt.from_transformers(network, context_length=2, start="eos")


def test_tokens_of_the_prompt_must_have_logits(bpe):
    """A tokenizer with more tokens than the network has."""
    with pytest.raises(
        mg.ArgumentError, match=r"The prompt has token \d+, but GPT2LMHeadModel has logits for 11 tokens"
    ):
        mt.from_transformers(tiny.network("gpt2"), bpe, context_length=2, prompt="the")


def test_slow_tokenizers_are_shown_piece_by_piece(tmp_path):
    """CTRL's tokenizer has no fast twin: its pieces are shown as they are."""
    (tmp_path / "vocab.json").write_text('{"<unk>": 0, "a": 1, "b@@": 2}')
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CTRLTokenizer(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"))
    assert token_texts(tokenizer, 3) == ("<unk>", "a", "b@@")
