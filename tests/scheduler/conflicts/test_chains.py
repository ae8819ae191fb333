"""Sessions that go together keep their days apart, whichever of them somebody moves."""

from datetime import date, timedelta
from typing import Any

import pytest

from scheduler.conflicts import find_notes
from scheduler.model import SeriesId, Session, SessionId
from scheduler.schools import Situation
from scheduler.ties import Held, Tied
from tests.builders import NOW, TUESDAY, a_session, a_situation, at
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


def made_up(on: int, situation: Situation) -> list[str]:
    """A lesson that is held on that day instead of the one on Thursday."""
    make_up = a_session("make-up", at("14:00", on=day(on)), title="课")
    return judge(make_up, situation, instead_of=lesson(2))


def test_what_makes_up_for_a_lesson_suits_a_preparation() -> None:
    prepared: dict[str, Any] = {"prep": (PREPARATIONS, 0)}
    assert made_up(7, tied(**prepared)) == []
    assert made_up(8, tied(**prepared)) == ["chain | prep"]
    assert made_up(8, tied(**prepared | {"other": (PREPARATIONS, 5)})) == []
    assert made_up(8, tied(other=(PREPARATIONS, -9))) == []  # the missed one had none either


def test_a_date_that_comes_anew_has_what_it_goes_with() -> None:
    assert judge(lesson(2), tied(**BOTH), anew=True) == []
    alone = tied(lesson=(LESSONS, 2))
    assert judge(lesson(2), alone, anew=True) == ["chain"]
    ((zh, en),) = sentences(lesson(2), alone, anew=True)
    assert zh == f"“课”须在“备课”之后 2–7 天；{day(2)} 没有相配的“备课”，不能单独安排。"
    assert en == (
        f"“课” goes with “备课”, 2–7 days after it: on {day(2)} there is none, and it is not held "
        "alone."
    )
    with_it = alone.with_new({SessionId("prep"): Held(series=PREPARATIONS, on=day(0))})
    assert judge(lesson(2), with_it, anew=True) == []
    assert judge(preparation(0), tied(prep=(PREPARATIONS, 0)), anew=True) == ["chain"]
    another = alone.with_new({SessionId("x"): Held(series=SeriesId("other"), on=day(0))})
    assert judge(lesson(2), another, anew=True) == ["chain"]


def test_what_has_lost_its_partner_says_so() -> None:
    def told(session: Session, situation: Situation) -> list[str]:
        return [each.zh for each in find_notes(session, situation, now=NOW)]

    assert told(lesson(2), tied(**BOTH)) == []
    assert told(lesson(2), tied(lesson=(LESSONS, 2))) == ["与它配套的“备课”没有相应的一次。"]
    assert told(preparation(0), tied(prep=(PREPARATIONS, 0))) == ["与它配套的“课”没有相应的一次。"]
    other = a_session("one", at("14:00", on=day(2)), series=SeriesId("other"))
    assert told(other, tied()) == []


def test_those_left_alone_are_those_whom_nobody_else_suits() -> None:
    (tie,) = tied(prep=(PREPARATIONS, 0), early=(PREPARATIONS, -8), kept=(LESSONS, 30)).ties
    assert tie.lonely(LESSONS, day(2)) == ["prep"]
    (tie,) = tied(prep=(PREPARATIONS, 0), second=(LESSONS, 7)).ties
    assert tie.lonely(LESSONS, day(2)) == []
