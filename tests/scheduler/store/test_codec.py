"""Values come back from JSON as they went in, with every sentence in both languages."""

from dataclasses import dataclass

import pytest

from calendars.text import Text
from scheduler.store.codec import decode, decode_plain, encode


@dataclass(frozen=True)
class Told:
    """A value with a sentence."""

    sentence: Text


def test_a_sentence_keeps_both_languages() -> None:
    told = Told(Text("已改期。", "Moved."))
    assert encode(told) == '{"sentence":{"zh":"已改期。","en":"Moved."}}'
    assert decode(Told, encode(told)) == told


def test_what_has_no_json_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="A complex cannot be stored"):
        encode(1j)


def test_a_sentence_in_one_language_is_not_read() -> None:
    with pytest.raises(ValueError, match="Text"):
        decode(Told, '{"sentence":"Moved."}')


def test_plain_json_is_read_without_types() -> None:
    assert decode_plain(None) is None
    assert decode_plain('{"a":[1]}') == {"a": [1]}
