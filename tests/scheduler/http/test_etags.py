import pytest

from scheduler.errors import StaleError
from scheduler.http.etags import etag_of, names_current, parse_if_match
from scheduler.http.faults import FaultyRequestError, MissingIfMatchError


@pytest.mark.parametrize("header", ['"3"', ' "1" , "3"', '"1","3"', "*", 'W/"2", "3"'])
def test_a_change_of_the_current_state_may_go_on(header: str) -> None:
    assert parse_if_match(header).expect(3) == 3


@pytest.mark.parametrize("header", ['"2"', 'W/"3"', '"1", "2"', '"33"', '""'])
def test_another_state_is_stale_and_a_weak_tag_names_none(header: str) -> None:
    with pytest.raises(StaleError, match=r'"3"'):
        parse_if_match(header).expect(3)


def test_a_change_without_if_match_is_refused() -> None:
    with pytest.raises(MissingIfMatchError):
        parse_if_match(None)


@pytest.mark.parametrize("header", ["3", "", '"3', "W/3", '"3" "4"', "*, *", "\udcff"])
def test_what_is_no_list_of_tags_is_a_fault(header: str) -> None:
    with pytest.raises(FaultyRequestError):
        parse_if_match(header)


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ('"3"', True),
        ('W/"3"', True),
        ("*", True),
        ('"1", "3"', True),
        ('"2"', False),
        (None, False),
    ],
)
def test_if_none_match_compares_weakly(header: str | None, known: bool) -> None:  # noqa: FBT001 - a table
    assert names_current(header, etag_of(3)) is known


def test_what_has_no_tag_is_never_known() -> None:
    assert not names_current("*", None)
