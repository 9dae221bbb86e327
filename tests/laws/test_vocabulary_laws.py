"""Labels name contexts one for one, whatever the tokens look like; text becomes tokens and text again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import vocabularies

from markovgpt import StateSpace, Vocabulary


@given(vocabulary=vocabularies(), data=st.data())
def test_parse_inverts_label(vocabulary: Vocabulary, data: st.DataObject) -> None:
    """``parse(label(c)) == c`` for every context of at least one token."""
    tokens = st.integers(0, len(vocabulary) - 1)
    context = tuple(data.draw(st.lists(tokens, min_size=1, max_size=5)))
    assert vocabulary.parse(vocabulary.label(context)) == context


@given(vocabulary=vocabularies(least=2))
def test_label_is_different_for_every_context(vocabulary: Vocabulary) -> None:
    """As many labels as states, over all contexts of one and of two tokens."""
    space = StateSpace(vocab_size=len(vocabulary), context_length=2, lengths="all")
    labels = {vocabulary.label(space.context(state)) for state in range(space.n_states)}
    assert len(labels) == space.n_states


@given(vocabulary=vocabularies())
def test_names_can_be_printed_on_one_line(vocabulary: Vocabulary) -> None:
    """A name is not empty, holds no blank, and every character of it shows."""
    assert all(name and name.isprintable() and " " not in name for name in vocabulary.names)


@given(vocabulary=vocabularies())
def test_names_are_different(vocabulary: Vocabulary) -> None:
    """Tokens that look alike get names that do not."""
    assert len(set(vocabulary.names)) == len(vocabulary)


@pytest.mark.parametrize(
    ("tokens", "label"),
    [
        pytest.param(("0", "1"), "011", id="digits"),
        pytest.param((" ", "a"), "␣aa", id="blank"),
        pytest.param(("\n", "a"), "⏎aa", id="line end"),
        pytest.param(("\t", "a"), "⇥aa", id="tab"),
        pytest.param(("the", "cat"), "the cat cat", id="words"),
        pytest.param((" ", "␣"), "\\u0020 ␣ ␣", id="blank beside its own sign"),
        pytest.param(("\x00", "a"), "\\u0000 a a", id="control character"),
    ],
)
def test_label_shows_what_cannot_be_seen(tokens: tuple[str, ...], label: str) -> None:
    """Blanks have signs, control characters are escaped, and names of one character need no separator."""
    assert Vocabulary(tokens=tokens).label([0, 1, 1]) == label


@given(text=st.text(min_size=1))
def test_decode_inverts_encode_of_characters(text: str) -> None:
    """Cut into characters and joined, any text is itself."""
    vocabulary = Vocabulary.of_text(text, kind="char")
    assert vocabulary.decode(vocabulary.encode(text)) == text


@given(text=st.text(min_size=1))
def test_decode_inverts_encode_of_bytes(text: str) -> None:
    """Cut into UTF-8 bytes and joined, any text is itself."""
    vocabulary = Vocabulary.of_text(text, kind="byte")
    assert vocabulary.decode(vocabulary.encode(text)) == text


@given(text=st.text(min_size=1).filter(lambda text: text.split()))
def test_decode_of_encoded_words_joins_them_by_one_space(text: str) -> None:
    """Words survive; the white space between them becomes one blank."""
    vocabulary = Vocabulary.of_text(text, kind="word")
    assert vocabulary.decode(vocabulary.encode(text)) == " ".join(text.split())


@given(text=st.text(min_size=1))
def test_encode_gives_one_token_a_byte(text: str) -> None:
    """As many tokens as UTF-8 bytes, and equal tokens exactly where bytes are equal."""
    content = text.encode("utf-8")
    vocabulary = Vocabulary.of_text(text, kind="byte")
    token_of = dict(zip(content, vocabulary.encode(text).tolist(), strict=True))
    assert [token_of[byte] for byte in content] == vocabulary.encode(text).tolist()
    assert len(set(token_of.values())) == len(token_of)


@given(text=st.text(min_size=1))
def test_of_text_has_the_distinct_characters_in_order(text: str) -> None:
    """The vocabulary of a text is its sorted set of characters."""
    assert Vocabulary.of_text(text).tokens == tuple(sorted(set(text)))


@given(vocabulary=vocabularies())
def test_find_gives_the_token_of_every_character_there_is(vocabulary: Vocabulary) -> None:
    """The first 70,000 code points, in a row: -1 for all that are not the text of a token."""
    text = "".join(map(chr, range(70_000)))
    token_of = {character: token for token, character in enumerate(vocabulary.tokens)}
    assert vocabulary.find(text, unknown=-1).tolist() == [token_of.get(character, -1) for character in text]


@pytest.mark.parametrize("size", [1, 2, 10, 11, 257])
def test_numbered_tokens_are_read_back_from_their_numbers(size: int) -> None:
    """``'0' ... 'V-1'``: the text of all tokens in a row, or in words from 11 tokens on, encodes to 0..V-1."""
    vocabulary = Vocabulary.numbered(size)
    text = ("" if size <= 10 else " ").join(map(str, range(size)))
    assert vocabulary.encode(text).tolist() == list(range(size))
