from calendars.text import InvalidValueError, Text

ROOM_TAKEN = Text("教室已占用。", "The room is taken.")


def test_a_reader_sees_the_sentence_in_their_language() -> None:
    assert ROOM_TAKEN.read_in("zh-CN") == "教室已占用。"
    assert ROOM_TAKEN.read_in("en") == "The room is taken."


def test_texts_that_say_the_same_are_equal_and_hash_alike() -> None:
    again = Text("教室已占用。", "The room is taken.")
    assert {ROOM_TAKEN, again} == {ROOM_TAKEN}
    assert Text("教室已占用。", "Taken.") != ROOM_TAKEN
    assert ROOM_TAKEN != "教室已占用。"


def test_a_text_shows_both_languages_to_programmers() -> None:
    assert repr(ROOM_TAKEN) == "Text('教室已占用。', 'The room is taken.')"


def test_joined_sentences_need_a_space_in_english_only() -> None:
    assert Text.joined((ROOM_TAKEN, Text("请换一间。", "Take another."))) == Text(
        "教室已占用。请换一间。", "The room is taken. Take another."
    )


def test_an_invalid_value_explains_itself_in_both_languages() -> None:
    error = InvalidValueError("不行。", "No.")
    assert str(error) == "No."
    assert error.text == Text("不行。", "No.")
