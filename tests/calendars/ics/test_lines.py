import pytest
from hypothesis import given
from hypothesis import strategies as some

from calendars.ics.lines import line, text, uri

ANY_TEXT = some.text(some.characters(codec=None, exclude_categories=()))


@given(some.text(some.characters(exclude_categories=["Cc", "Cs"])))
def test_folding_is_undone_by_unfolding(value: str) -> None:
    folded = line("SUMMARY", value)
    assert folded.endswith(b"\r\n")
    assert folded[:-2].replace(b"\r\n ", b"").decode() == f"SUMMARY:{value}"


@given(some.text(some.characters(exclude_categories=["Cc", "Cs"]), min_size=40))
def test_e68_no_line_has_more_than_75_octets_or_half_a_character(value: str) -> None:
    for part in line("DESCRIPTION", value).split(b"\r\n"):
        assert len(part) <= 75
        part.decode()


def test_a_line_of_75_octets_is_not_folded_and_one_of_76_is() -> None:
    assert line("A", "x" * 73) == b"A:" + b"x" * 73 + b"\r\n"
    assert line("A", "x" * 74) == b"A:" + b"x" * 73 + b"\r\n x\r\n"


@given(ANY_TEXT)
def test_text_reads_back_as_it_was_but_for_what_cannot_be_printed(value: str) -> None:
    written = text(value)
    read = written.replace("\\\\", "\0").replace("\\n", "\n").replace("\\", "").replace("\0", "\\")
    assert text(read) == written
    assert all(char == "\n" or char.isprintable() or ord(char) > 0x9F for char in read)
    written.encode()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a;b,c\\d", "a\\;b\\,c\\\\d"),
        ("一\r\n二\n三\r四", "一\\n二\\n三\\n四"),
        ("a\u2028b\u2029c\x85d\x0be\x0cf", "a\\nb\\nc\\nd\\ne\\nf"),
        ("tab\there", "tab here"),
        ("\x00bell\x07\x1b\x7f\x9f\ufffe\ud800.", "bell."),
    ],
)
def test_text_is_escaped_and_stripped(value: str, written: str) -> None:
    assert text(value) == written


def test_an_address_cannot_end_its_line() -> None:
    assert uri("https://a.example/\r\nX-EVIL: 1,2") == "https://a.example/X-EVIL:1,2"
