"""What is suggested instead is bookable, ranked, and says what it changes."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendars.windows import Tactic
from scheduler.booking.alternatives import alternatives_for, suggest, suggest_for_change
from scheduler.booking.single import SessionChange, change
from scheduler.conflicts import find_conflicts
from scheduler.errors import ClashError
from scheduler.members import LinkPool, LinkPoolId
from scheduler.model import Alternative, Booking, Form, Kind, Role, Session, SessionId
from scheduler.placing import draft
from scheduler.schools import Situation
from tests.builders import (
    NOW,
    TUESDAY,
    a_lesson,
    a_room,
    a_session,
    a_site,
    a_situation,
    a_timetable,
    an_alliance,
    at,
    some_books,
)
from tests.scheduler.desk import Desk, a_booking, a_wish


def conflicts_of(found: Alternative, booking: Booking, situation: Situation) -> tuple[str, ...]:
    """The rules that booking this alternative would break."""
    instead = a_booking(**_fields(booking) | {"slot": found.slot, "sites": found.sites})
    session = draft(instead, situation, id=SessionId("instead"), now=NOW)
    return tuple(each.rule for each in find_conflicts(session, situation, now=NOW))


def _fields(booking: Booking) -> dict[str, Any]:
    return {name: getattr(booking, name) for name in Booking.__dataclass_fields__}


def said(found: tuple[Alternative, ...]) -> list[str]:
    return [alternative.changes.zh for alternative in found]


def test_another_room_at_the_same_time_comes_first() -> None:
    other = a_session(sites=(a_site("TF1", teacher="TF1-T2", class_groups=("TF1-C2",)),))
    found = alternatives_for(a_booking(), a_situation(other), now=NOW)
    assert said(found)[0] == "时间不变（9月8日（周二）14:00-14:40）；TF1改用TF1 互动教室2。"
    assert found[0].sites[0].room == "TF1-R2"
    assert found[0].slot == at("14:00")


def test_then_come_other_times_of_the_day_and_then_other_days() -> None:
    found = alternatives_for(a_booking(), a_situation(a_session()), now=NOW)
    assert said(found) == [
        "改到当天 16:10-16:50。",
        "改到当天 14:55-15:35；JS调整课间：第6节（推迟5分钟） 14:55-15:35。",
        "改到当天 09:25-10:05；JS调整课间：第2节（推迟10分钟） 09:25-10:05。",
        "改到9月7日（周一）14:00-14:40。",
        "改到9月7日（周一）16:10-16:50。",
    ]
    assert [alternative.min_effective_minutes for alternative in found] == [40] * 5


def test_english_readers_are_told_the_same() -> None:
    found = alternatives_for(a_booking(), a_situation(a_session()), now=NOW)
    assert [alternative.changes.en for alternative in found[:2]] == [
        "The same day at 16:10-16:50.",
        "The same day at 14:55-15:35; JS moves its bell: period 6 (5 minutes later) 14:55-15:35.",
    ]


def test_a_slot_that_suits_no_bell_is_offered_with_a_tactic() -> None:
    booking = a_booking(slot=at("9:25"))
    found = alternatives_for(booking, a_situation(), now=NOW)
    assert found[0].slot == at("9:25")
    assert found[0].sites[1].tactic is Tactic.SHIFT_BREAK
    assert said(found)[0] == (
        "时间不变（9月8日（周二）09:25-10:05）；JS调整课间：第2节（推迟10分钟） 09:25-10:05。"
    )


def test_a_room_in_the_way_elsewhere_is_exchanged_too() -> None:
    other = a_session(
        slot=at("16:10"), sites=(a_site("TF1", teacher="TF1-T2", class_groups=("TF1-C2",)),)
    )
    found = alternatives_for(a_booking(), a_situation(a_session(), other), now=NOW)
    assert said(found)[0] == "改到当天 16:10-16:50；TF1改用TF1 互动教室2。"


def test_nothing_is_suggested_in_the_past() -> None:
    now = at("15:00").starts
    found = alternatives_for(a_booking(slot=at("15:10")), a_situation(), now=now)
    assert found
    assert min(alternative.slot.starts for alternative in found) >= now


def test_what_was_wished_is_not_an_alternative_to_itself() -> None:
    found = alternatives_for(a_booking(), a_situation(), now=NOW, limit=50)
    sites = a_booking().sites
    assert all(
        (each.slot, [site.room for site in each.sites])
        != (at("14:00"), [site.room for site in sites])
        for each in found
    )


def test_lessons_of_another_subject_need_a_swap_that_is_named() -> None:
    # Every period of the week holds mathematics at JS; the class gives none up by itself.
    lessons = [a_lesson(no, weekday=weekday) for no in range(1, 7) for weekday in range(1, 6)]
    books = some_books(JS={"timetables": (a_timetable("JS", 1, *lessons),)})
    found = alternatives_for(
        a_booking(slot=at("10:35")), a_situation(a_session(), books=books), now=NOW, limit=20
    )
    swaps = [each for each in found if each.sites[1].swap_agreed]
    assert swaps
    assert found[-len(swaps) :] == tuple(swaps)
    assert "JS须与第" in swaps[0].changes.zh


def test_a_swap_that_was_agreed_already_is_not_named_again() -> None:
    sites = (a_wish("TF1"), a_wish("JS", Role.LISTEN, swap_agreed=True))
    found = alternatives_for(a_booking(sites=sites), a_situation(a_session()), now=NOW)
    assert found
    assert all("原课" not in sentence for sentence in said(found))


def test_a_fourth_listener_may_observe_or_have_a_run_of_its_own() -> None:
    listeners = ("JS", "WA", "QB", "HM")
    books = some_books(
        TF1={"rooms": {r.id: r for r in (a_room("TF1", 1, max_remote_sites=3),)}},
        WA={},
        QB={},
        HM={},
    )
    sites = (
        a_wish("TF1", class_groups=()),
        *(a_wish(school, Role.LISTEN, tactic=Tactic.TRIM) for school in listeners),
    )
    booking = a_booking(sites=sites, form=Form.DEDICATED, link_pool=None)
    found = alternatives_for(booking, a_situation(books=books), now=NOW, limit=3)
    assert [len(alternative.sites) for alternative in found] == [4, 4, 4]
    assert said(found)[0].endswith("HM不参加这一场，可为其另开一场。")


def test_meetings_without_a_class_are_offered_any_hour_of_the_working_day() -> None:
    sites = tuple(
        a_wish(school, role, class_groups=())
        for school, role in (("TF1", Role.LEAD), ("JS", Role.LISTEN))
    )
    booking = a_booking(sites=sites, kind=Kind.JOINT_RESEARCH, subject=None, grade=None)
    found = alternatives_for(booking, a_situation(a_session()), now=NOW)
    assert said(found) == [
        "改到当天 14:40-15:20；TF1改用TF1 互动教室2；JS改用JS 互动教室2。",
        "改到当天 14:50-15:30。",
        "改到当天 15:00-15:40。",
        "改到9月7日（周一）14:00-14:40。",
        "改到9月7日（周一）13:50-14:30。",
    ]


def test_a_third_concurrent_session_on_two_links_is_offered_a_time_after() -> None:
    others = [
        a_session(school, sites=(a_site(school, teacher=f"{school}-T2", class_groups=()),))
        for school in ("CB", "WA")
    ]
    books = some_books(WA={})
    pool = LinkPool(id=LinkPoolId("bridge"), name="视频桥", sessions=2)
    situation = a_situation(*others, books=books, alliance=an_alliance(link_pools={pool.id: pool}))
    found = alternatives_for(a_booking(), situation, now=NOW)
    assert found
    assert not any(alternative.slot.overlaps(at("14:00")) for alternative in found)


def test_a_session_is_its_own_wish_and_its_place_counts_as_free() -> None:
    session = a_session()
    found = alternatives_for(session, a_situation(session), now=NOW, limit=3)
    assert said(found) == [
        "时间不变（9月8日（周二）14:00-14:40）；TF1改用TF1 互动教室2。",
        "时间不变（9月8日（周二）14:00-14:40）；JS改用JS 互动教室2。",
        "改到当天 16:10-16:50。",
    ]


def test_where_nothing_fits_nothing_is_suggested() -> None:
    weekend = a_booking(slot=at("14:00", on=date(2026, 7, 20)))
    assert (
        alternatives_for(weekend, a_situation(), now=at("8:00", on=date(2026, 7, 1)).starts) == ()
    )


@settings(max_examples=40, deadline=None)
@given(
    busy=st.lists(
        st.tuples(
            st.integers(0, 11),
            st.sampled_from(["8:30", "9:25", "10:35", "14:00", "14:55", "16:10"]),
            st.sampled_from([("TF1", "JS"), ("TF1", "CB"), ("CB", "JS"), ("JS",)]),
            st.integers(1, 2),
        ),
        max_size=25,
    ),
    starts=st.sampled_from(["8:25", "9:25", "10:30", "14:00", "16:20"]),
)
def test_every_alternative_is_bookable(
    busy: list[tuple[int, str, tuple[str, ...], int]], starts: str
) -> None:
    others = [
        a_session(
            f"other{no}",
            at(clock, on=TUESDAY + timedelta(days=days - 1)),
            sites=tuple(
                a_site(
                    school,
                    Role.LEAD if school == schools[0] else Role.LISTEN,
                    room=f"{school}-R{room}",
                    teacher=f"{school}-T{room}",
                    class_groups=(f"{school}-C{room}",),
                )
                for school in schools
            ),
        )
        for no, (days, clock, schools, room) in enumerate(busy)
    ]
    situation = a_situation(*others)
    booking = a_booking(slot=at(starts))
    found = alternatives_for(booking, situation, now=NOW)
    assert [conflicts_of(each, booking, situation) for each in found] == [()] * len(found)
    assert len({(each.slot, each.sites) for each in found}) == len(found)
    assert len(found) >= 3


async def test_a_refused_booking_has_five_alternatives_that_can_be_booked(
    each_desk: Desk,
) -> None:
    await each_desk.book()
    with pytest.raises(ClashError):
        await each_desk.book()
    found = (await each_desk.read(suggest, a_booking()))()
    assert len(found) == 5
    for alternative in found:
        session = await each_desk.book(
            a_booking(slot=alternative.slot, sites=alternative.sites, link_pool=None)
        )
        assert session.slot == alternative.slot
        break


async def test_a_refused_move_has_alternatives_that_it_can_move_to(each_desk: Desk) -> None:
    await each_desk.book()
    session: Session = await each_desk.book(a_booking(slot=at("16:10")))
    wish = SessionChange(slot=at("14:00"))
    with pytest.raises(ClashError):
        await each_desk.do(change, session.id, wish, 1)
    found = (await each_desk.read(suggest_for_change, session.id, wish))()
    assert len(found) == 5
    instead = SessionChange(slot=found[-1].slot, sites=found[-1].sites)
    moved = await each_desk.do(change, session.id, instead, 1)
    assert moved.slot == found[-1].slot
