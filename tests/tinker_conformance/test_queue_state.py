import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinker_conformance.queue_state import Parsing, QueueState, parse_queue_state

WORDS = {"active", "paused_rate_limit", "paused_capacity"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("word", sorted(WORDS | {"unknown"}))
def test_each_word_of_the_wire_is_its_state(word: str) -> None:
    assert parse_queue_state(word).value == word


@pytest.mark.parametrize(
    "value", ["Active", " active", "ACTIVE", "paused", "", None, 1, True, ["active"], {}]
)
def test_exact_parsing_takes_nothing_else(value: object) -> None:
    assert parse_queue_state(value) is QueueState.UNKNOWN


@pytest.mark.parametrize("value", ["Active", " active", "ACTIVE\n", "\tacTive "])
def test_trimmed_lowercase_parsing_ignores_case_and_white_space(value: str) -> None:
    assert parse_queue_state(value, Parsing.TRIMMED_LOWERCASE) is QueueState.ACTIVE


@given(JSON)
def test_exact_parsing_knows_three_words_and_calls_the_rest_unknown(value: object) -> None:
    expected = value if isinstance(value, str) and value in WORDS else "unknown"
    assert parse_queue_state(value).value == expected


@given(st.sampled_from(sorted(WORDS)), st.text(" \t\n", max_size=3), st.data())
def test_trimmed_lowercase_parsing_agrees_with_any_spelling(
    word: str, space: str, data: st.DataObject
) -> None:
    mask = data.draw(st.lists(st.booleans(), min_size=len(word), max_size=len(word)))
    spelled = "".join(c.upper() if up else c for c, up in zip(word, mask, strict=True))
    assert parse_queue_state(space + spelled + space, Parsing.TRIMMED_LOWERCASE).value == word
