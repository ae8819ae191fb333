"""Sessions that go together keep their days apart, whichever of them somebody moves."""

from datetime import date, timedelta
from typing import Any

import pytest

from scheduler.model import SeriesId, Session, SessionId
from scheduler.schools import Situation
from scheduler.ties import Held, Tied
from tests.builders import TUESDAY, a_session, a_situation, at
from tests.scheduler.conflicts.judging import judge, sentences

LESSONS, PREPARATIONS = SeriesId("lessons"), SeriesId("preparations")


def day(no: int) -> date:
    """That many days after a Tuesday."""
    return TUESDAY + timedelta(days=no)


def lesson(on: int, id: str = "lesson") -> Session:
    return a_session(id, at("14:00", on=day(on)), title="课", series=LESSONS)


def preparation(on: int) -> Session:
    return a_session("prep", at("14:00", on=day(on)), title="备课", series=PREPARATIONS)


def tied(least: int = 2, most: int = 7, **held: tuple[SeriesId, int]) -> Situation:
    """A lesson is two to seven days after its preparation; both are held on these days."""
    tie = Tied(
        earlier=frozenset({PREPARATIONS}),
        later=frozenset({LESSONS}),
        earlier_title="备课",
        later_title="课",
        at_least_days=least,
        at_most_days=most,
        held={SessionId(name): Held(series=of, on=day(on)) for name, (of, on) in held.items()},
    )
    return Situation(alliance=SCHOOLS.alliance, schools=SCHOOLS.schools, ties=(tie,))


SCHOOLS = a_situation()
BOTH: dict[str, Any] = {"prep": (PREPARATIONS, 0), "lesson": (LESSONS, 2)}


def moved(session: Session, before: Session, situation: Situation) -> list[str]:
    return judge(session, situation, published=before)


@pytest.mark.parametrize(
    ("to", "refused"), [(1, True), (2, False), (6, False), (7, False), (8, True)]
)
def test_the_later_one_keeps_its_distance(to: int, refused: bool) -> None:  # noqa: FBT001 - a column
    assert moved(lesson(to), lesson(2), tied(**BOTH)) == ["chain | prep"] * refused


@pytest.mark.parametrize(("to", "refused"), [(1, True), (0, False), (-5, False), (-6, True)])
def test_so_does_the_earlier_one(to: int, refused: bool) -> None:  # noqa: FBT001 - a column
    assert moved(preparation(to), preparation(0), tied(**BOTH)) == ["chain | lesson"] * refused


def test_the_refusal_says_with_what_and_how_far() -> None:
    ((zh, en),) = sentences(lesson(1), tied(**BOTH), published=lesson(2))
    assert zh == (
        f"“课”须在“备课”之后 2–7 天；调到 {day(1)} 就与 {day(0)} 的“备课”配不上了，请一起调整。"
    )
    assert en == (
        f"“课” goes with “备课”, 2–7 days after it: on {day(1)} it would tear itself from that of "
        f"{day(0)}. Move them together."
    )
    ((zh, en),) = sentences(preparation(1), tied(**BOTH), published=preparation(0))
    assert "之前" in zh
    assert "before" in en


def test_a_partner_is_not_left_alone_for_another() -> None:
    """The lesson finds another preparation there; its own would have none any more."""
    held = BOTH | {"other": (PREPARATIONS, 14)}
    assert moved(lesson(16), lesson(2), tied(**held)) == ["chain | prep"]
    kept = held | {"second": (LESSONS, 4)}
    assert moved(lesson(16), lesson(2), tied(**kept)) == []


def test_those_that_move_together_keep_their_distance() -> None:
    together = tied(**BOTH).with_moves(
        {SessionId("prep"): at("14:00", on=day(6)), SessionId("lesson"): at("14:00", on=day(8))}
    )
    assert moved(lesson(8), lesson(2), together) == []
    assert moved(preparation(6), preparation(0), together) == []
    apart = tied(**BOTH).with_moves({SessionId("prep"): at("14:00", on=day(7))})
    assert moved(lesson(8), lesson(2), apart) == ["chain | prep"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, lesson(1)),  # nothing moves
        (lesson(2), a_session("lesson", at("16:10", on=day(2)), series=LESSONS)),  # the same day
        (a_session("one", at("14:00", on=day(2))), a_session("one", at("14:00", on=day(1)))),
        (
            a_session("one", at("14:00", on=day(2)), series=SeriesId("other")),
            a_session("one", at("14:00", on=day(1)), series=SeriesId("other")),
        ),
        (lesson(20), lesson(1)),  # it had no partner any more
    ],
)
def test_what_tears_nothing_may_move(before: Session | None, after: Session) -> None:
    assert judge(after, tied(**BOTH), published=before) == []


def test_a_change_that_says_no_series_is_of_that_which_is_published() -> None:
    wanted = a_session("lesson", at("14:00", on=day(1)), title="课")
    assert moved(wanted, lesson(2), tied(**BOTH)) == ["chain | prep"]
