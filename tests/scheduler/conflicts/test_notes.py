from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from calendars.bells import SchoolId
from calendars.days import Day, DayKind, Followed
from calendars.text import Text
from scheduler.conflicts import find_conflicts, find_notes
from scheduler.members import LinkPool, LinkPoolId
from scheduler.model import Role, Session, SessionState
from tests.builders import (
    NOW,
    TUESDAY,
    a_session,
    a_site,
    a_situation,
    an_alliance,
    at,
    school_time,
    some_books,
)

MAKEUP_SUNDAY = date(2026, 9, 20)


def following(school: str, week: int, weekday: int) -> dict[str, Any]:
    day = Day(
        id=f"{school}-makeup",
        school=SchoolId(school),
        date=MAKEUP_SUNDAY,
        kind=DayKind.MAKEUP,
        follows=Followed(week=week, weekday=weekday),
    )
    return {"time": school_time(school, days=(day,))}


def test_e01_schools_that_follow_different_weekdays_are_out_of_step_and_may_meet() -> None:
    books = some_books(TF1=following("TF1", 6, 2), JS=following("JS", 4, 5))
    session = a_session(slot=at("14:00", on=MAKEUP_SUNDAY))

    assert find_conflicts(session, a_situation(books=books), now=NOW) == ()
    assert find_notes(session, a_situation(books=books), now=NOW) == (
        Text(
            "不同步：9月20日（周日）TF1按第6周周二，JS按第4周周五上课。",
            "Out of step on Sun 20 Sep: TF1 follows the Tuesday of week 6, "
            "JS follows the Friday of week 4.",
        ),
    )


def test_schools_that_follow_the_same_weekday_are_in_step() -> None:
    books = some_books(TF1=following("TF1", 6, 2), JS=following("JS", 4, 2))

    session = a_session(slot=at("14:00", on=MAKEUP_SUNDAY))
    assert find_notes(session, a_situation(books=books), now=NOW) == ()


def test_a_school_that_follows_nothing_is_not_out_of_step() -> None:
    session = a_session(slot=at("14:00", on=MAKEUP_SUNDAY))

    assert find_notes(session, a_situation(), now=NOW) == ()


def test_e45_an_observer_who_is_needed_elsewhere_is_noted() -> None:
    watched = a_session(
        sites=(
            a_site("TF1"),
            a_site("JS", Role.LISTEN, observers=("JS-T2", "JS-T3")),
        )
    )
    other = a_session("s2", at("14:20"), sites=(a_site("JS", teacher="JS-T2"),), title="科学")

    assert find_notes(watched, a_situation(other), now=NOW) == (
        Text(
            "JS 教师2（观课）9月8日（周二）14:20-15:00要参加“科学”。",
            "JS 教师2, who only observes, takes part in “科学”, Tue 8 Sep 14:20-15:00.",
        ),
    )


def test_e34_meeting_numbers_that_run_out_before_are_noted() -> None:
    def told(until: date | None, link: str | None = "bridge") -> list[str]:
        pool = LinkPool(id=LinkPoolId("bridge"), name="视频桥", sessions=2, valid_until=until)
        alliance = an_alliance(link_pools={pool.id: pool})
        situation = replace(a_situation(), alliance=alliance)
        session = a_session(link_pool=link)
        return [each.zh for each in find_notes(session, situation, now=NOW)]

    assert told(TUESDAY - timedelta(days=1)) == [
        "视频桥的会议号有效期到2026-09-07为止，须在此之前续期或更换链路。"
    ]
    assert told(TUESDAY) == told(None) == told(date(2026, 9, 1), None) == []


def test_e47_a_teacher_with_too_many_that_day_is_named_with_the_count() -> None:
    def told(*others: Session) -> list[tuple[str, str]]:
        found = find_notes(a_session(), a_situation(*others), now=NOW)
        return [(each.zh, each.en) for each in found]

    def another(id: str, starts: str, **fields: Any) -> Session:
        return a_session(id, at(starts, on=fields.pop("on", TUESDAY)), **fields)

    one, two = another("s2", "9:25", sites=(a_site("TF1"),)), another("s3", "16:10")
    assert told(one) == []
    assert told(one, two) == [
        (
            "TF1 教师19月8日（周二）有3场，超过每日2场。",
            "TF1 教师1 has 3 sessions on Tue 8 Sep, more than 2 a day.",
        )
    ]
    away = another("s3", "16:10", on=TUESDAY + timedelta(days=1))
    gone = another("s3", "16:10", state=SessionState.CANCELLED)
    assert told(one, away) == told(one, gone) == []
