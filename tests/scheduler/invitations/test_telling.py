"""Guests hear of whatever becomes of their session, by real mail, on both engines."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, Final

import icalendar
import pytest

from calendars.text import Text
from scheduler.booking.series import book_series
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.errors import ForbiddenError, NotFoundError, StaleError, StateError
from scheduler.feeds import Feeds, SubscriptionWish, subscribe
from scheduler.feeds.entries import uid_of
from scheduler.invitations import InvitationWish, invite, send_again, tell_due, withdraw
from scheduler.invitations.inviting import MOST_OF_ONE
from scheduler.invitations.telling import FIRST_PAUSE
from scheduler.members import AllianceId
from scheduler.model import AuditFilter, Invitation, InvitationState, Scope, Session, SessionId
from scheduler.store import Store, Transaction
from tests.builders import NOW, at
from tests.scheduler.delivery.postoffice import PostOffice, open_post_office
from tests.scheduler.desk import Desk, a_series, coordinator_of

GUEST: Final = "expert@example.org"


@pytest.fixture
async def post() -> AsyncIterator[PostOffice]:
    async with open_post_office() as office:
        yield office


def a_wish(session: Session, **fields: Any) -> InvitationWish:
    given: dict[str, Any] = {"session": session.id, "name": "李专家", "address": GUEST}
    return InvitationWish(**given | fields)


async def tell(desk: Desk, post: PostOffice, now: datetime = NOW) -> int:
    """How many guests there was something to look at for."""
    times = 0
    while await tell_due(desk.store, post.server(), lambda: now):
        times += 1
    return times


async def invited(desk: Desk, post: PostOffice, **fields: Any) -> tuple[Session, Invitation]:
    """A session whose guest has been told."""
    session = await desk.book()
    made = await desk.do(invite, a_wish(session, **fields))
    assert await tell(desk, post) == 1
    return session, await desk.read(Transaction.invitation, made.id)


def calendar_in(letter: EmailMessage) -> tuple[Any, Any]:
    """The calendar of a letter and its one event."""
    part = next(each for each in letter.walk() if each.get_content_type() == "text/calendar")
    octets: Any = part.get_payload(decode=True)
    calendar = icalendar.Calendar.from_ical(octets)
    assert part.get_param("method") == calendar["METHOD"]
    assert part.get_content_charset() == "utf-8"
    (event,) = calendar.walk("VEVENT")
    return calendar, event


async def test_a_guest_is_invited_by_a_letter_for_people_and_for_calendars(
    each_desk: Desk, post: PostOffice
) -> None:
    session, told = await invited(each_desk, post)
    (letter,) = post.received
    assert post.recipients == [GUEST]
    assert letter["From"] == "示意联盟 <lianke@example.cn>"
    assert letter["To"] == f"李专家 <{GUEST}>"
    assert letter["Subject"] == f"邀请: {session.title}"
    assert letter.get_content_type() == "multipart/alternative"
    words = letter.get_body(("plain",))
    assert words is not None
    assert "9月8日（周二）14:00-14:40" in words.get_content()
    calendar, event = calendar_in(letter)
    assert calendar["METHOD"] == "REQUEST"
    assert event["UID"] == uid_of(session, AllianceId("demo"))
    assert event["SEQUENCE"] == session.sequence
    assert event["ORGANIZER"] == "mailto:lianke@example.cn"
    assert event["ATTENDEE"] == f"mailto:{GUEST}"
    assert (told.state, told.told, told.address) == (
        InvitationState.SENT,
        "REQUEST",
        "e***@example.org",
    )


async def test_the_event_of_a_letter_is_the_one_of_the_expanded_feed(
    desk: Desk, post: PostOffice
) -> None:
    booked = await desk.do(book_series, a_series())
    session = await desk.session(booked.booked[1])
    await desk.do(invite, a_wish(session))
    moved = SessionChange(note="请带竖笛")
    await desk.do(change, session.id, moved, session.revision, now=NOW + timedelta(minutes=5))
    await tell(desk, post, NOW + timedelta(minutes=5))
    _, told = calendar_in(post.received[-1])
    _, token = await desk.do(subscribe, SubscriptionWish(scope=Scope.ALLIANCE, owner="a"))
    feed = await Feeds(desk.store).read(token, now=NOW + timedelta(hours=1), expand=True)
    shown = next(
        event
        for event in icalendar.Calendar.from_ical(feed.plain).events
        if event["UID"] == told["UID"]
    )
    names = ("UID", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "DTSTART", "DTEND", "STATUS")
    assert [shown[name].to_ical() for name in names] == [told[name].to_ical() for name in names]


async def test_nothing_is_sent_twice_while_nothing_changes(
    each_desk: Desk, post: PostOffice
) -> None:
    await invited(each_desk, post)
    assert await tell(each_desk, post, NOW + timedelta(hours=1)) == 0
    assert len(post.received) == 1


async def test_a_guest_hears_of_a_move_with_a_higher_sequence(
    each_desk: Desk, post: PostOffice
) -> None:
    session, _ = await invited(each_desk, post)
    moved = await each_desk.do(
        change, session.id, SessionChange(slot=at("16:10")), session.revision
    )
    assert await tell(each_desk, post) == 1
    before, after = (calendar_in(letter)[1] for letter in post.received)
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after.start == moved.slot.starts
    assert post.received[1]["Subject"] == f"邀请有变动: {session.title}"


async def test_a_change_that_no_calendar_shows_sends_nothing(
    each_desk: Desk, post: PostOffice
) -> None:
    session, _ = await invited(each_desk, post)
    await each_desk.do(change, session.id, SessionChange(pinned=True), session.revision)
    assert await tell(each_desk, post) == 1
    assert len(post.received) == 1
    assert await tell(each_desk, post) == 0


async def test_a_guest_hears_of_a_cancellation(each_desk: Desk, post: PostOffice) -> None:
    session, made = await invited(each_desk, post)
    await each_desk.do(cancel, session.id, session.revision, reason="停电")
    await tell(each_desk, post)
    calendar, event = calendar_in(post.received[-1])
    assert (calendar["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert event["SEQUENCE"] > calendar_in(post.received[0])[1]["SEQUENCE"]
    words = post.received[-1].get_body(("plain",))
    assert words is not None
    assert "已取消。" in words.get_content()
    assert "停电" in words.get_content()
    assert await tell(each_desk, post, NOW + timedelta(days=1)) == 0
    with pytest.raises(StateError):
        await each_desk.do(invite, a_wish(session))
    told = await each_desk.read(Transaction.invitation, made.id)
    assert (told.state, told.told) == (InvitationState.SENT, "CANCEL")


async def test_a_guest_is_told_not_to_come_though_the_session_is_held(
    each_desk: Desk, post: PostOffice
) -> None:
    session, made = await invited(each_desk, post)
    later = NOW + timedelta(hours=1)
    await each_desk.do(withdraw, made.id, made.revision, now=later)
    await tell(each_desk, post, later)
    calendar, event = calendar_in(post.received[-1])
    assert (calendar["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert event["DTSTAMP"].dt == later
    assert (await each_desk.session(session)).state is session.state
    gone = await each_desk.read(Transaction.invitation, made.id)
    assert gone.state is InvitationState.WITHDRAWN
    with pytest.raises(StateError):
        await each_desk.do(send_again, made.id, gone.revision)


async def test_whoever_was_never_told_is_withdrawn_in_silence(
    each_desk: Desk, post: PostOffice
) -> None:
    session = await each_desk.book()
    made = await each_desk.do(invite, a_wish(session))
    gone = await each_desk.do(withdraw, made.id, made.revision)
    await tell(each_desk, post)
    assert (gone.state, post.received) == (InvitationState.WITHDRAWN, [])


async def test_a_letter_can_be_sent_once_more(each_desk: Desk, post: PostOffice) -> None:
    _, made = await invited(each_desk, post)
    await each_desk.do(send_again, made.id, made.revision)
    await tell(each_desk, post)
    first, second = post.received
    assert calendar_in(first)[1]["SEQUENCE"] == calendar_in(second)[1]["SEQUENCE"]
    assert first["Message-ID"] != second["Message-ID"]


async def test_a_letter_that_is_not_taken_is_sent_later_with_the_same_id(
    each_desk: Desk, post: PostOffice
) -> None:
    session = await each_desk.book()
    made = await each_desk.do(invite, a_wish(session))
    post.refuse_message = "451 try again later"
    assert await tell(each_desk, post) == 1
    waiting = await each_desk.read(Transaction.invitation, made.id)
    assert (waiting.state, waiting.failures) == (InvitationState.WAITING, 1)
    assert waiting.problem is not None
    assert await tell(each_desk, post, NOW + FIRST_PAUSE / 2) == 0
    post.refuse_message = ""
    assert await tell(each_desk, post, NOW + FIRST_PAUSE) == 1
    told = await each_desk.read(Transaction.invitation, made.id)
    assert (told.state, told.failures, told.problem) == (InvitationState.SENT, 0, None)


async def test_a_refused_address_waits_for_a_person(each_desk: Desk, post: PostOffice) -> None:
    session = await each_desk.book()
    made = await each_desk.do(invite, a_wish(session))
    post.refuse_recipient = "550 no such user"
    assert await tell(each_desk, post) == 1
    assert await tell(each_desk, post, NOW + timedelta(days=1)) == 0
    failed = await each_desk.read(Transaction.invitation, made.id)
    assert failed.state is InvitationState.FAILED
    post.refuse_recipient = ""
    await each_desk.do(send_again, made.id, failed.revision)
    assert await tell(each_desk, post) == 1
    assert len(post.received) == 1


async def test_several_processes_tell_each_guest_once(each_desk: Desk, post: PostOffice) -> None:
    session = await each_desk.book()
    for no in range(4):
        await each_desk.do(invite, a_wish(session, address=f"guest{no}@example.org"))
    server = post.server()
    await asyncio.gather(*(tell_due(each_desk.store, server, lambda: NOW) for _ in range(8)))
    assert sorted(post.recipients) == [f"guest{no}@example.org" for no in range(4)]


async def test_a_process_that_died_while_telling_is_followed_by_another(
    each_desk: Desk, post: PostOffice
) -> None:
    session = await each_desk.book()
    await each_desk.do(invite, a_wish(session))
    assert await each_desk.do(Transaction.claim_invitation) is not None
    assert await tell(each_desk, post, NOW + timedelta(seconds=100)) == 0
    assert await tell(each_desk, post, NOW + timedelta(seconds=121)) == 1


async def test_nobody_is_told_of_what_is_over(each_desk: Desk, post: PostOffice) -> None:
    session = await each_desk.book()
    made = await each_desk.do(invite, a_wish(session))
    await tell(each_desk, post, session.slot.ends)
    assert post.received == []
    failed = await each_desk.read(Transaction.invitation, made.id)
    assert failed.state is InvitationState.FAILED
    with pytest.raises(StateError):
        await each_desk.do(invite, a_wish(session), now=session.slot.starts)


async def test_a_letter_in_english(each_desk: Desk, post: PostOffice) -> None:
    await invited(each_desk, post, language="en", name='Ann "A." Lee')
    (letter,) = post.received
    assert letter["Subject"].startswith("Invitation: ")
    words = letter.get_body(("plain",))
    assert words is not None
    assert words.get_content().startswith('Dear Ann "A." Lee,')
    assert calendar_in(letter)[1]["ATTENDEE"].params["CN"] == "Ann 'A.' Lee"


async def test_the_address_lies_open_nowhere(each_desk: Desk, post: PostOffice) -> None:
    _, made = await invited(each_desk, post)
    audit = await each_desk.read(Transaction.audit, AuditFilter(subject_id=made.id))
    assert [entry.action for entry in audit] == ["create", "tell"]
    assert GUEST not in repr(audit)


async def test_who_arranges_the_session_invites_to_it(each_desk: Desk) -> None:
    session = await each_desk.book()
    made = await each_desk.do(invite, a_wish(session), by=coordinator_of("JS"))
    for use_case in (withdraw, send_again):
        with pytest.raises(ForbiddenError):
            await each_desk.do(use_case, made.id, made.revision, by=coordinator_of("CB"))
        with pytest.raises(StaleError):
            await each_desk.do(use_case, made.id, 9)
    with pytest.raises(ForbiddenError):
        await each_desk.do(invite, a_wish(session), by=coordinator_of("CB"))
    with pytest.raises(NotFoundError):
        await each_desk.do(invite, replace(a_wish(session), session=SessionId("none")))


async def test_a_session_has_a_bounded_number_of_guests(each_desk: Desk) -> None:
    session = await each_desk.book()
    for no in range(MOST_OF_ONE):
        await each_desk.do(invite, a_wish(session, address=f"guest{no}@example.org"))
    with pytest.raises(StateError):
        await each_desk.do(invite, a_wish(session))


async def test_without_the_key_a_guest_waits(
    each_desk: Desk, post: PostOffice, database_url: str
) -> None:
    session = await each_desk.book()
    made = await each_desk.do(invite, a_wish(session))
    keyless = await Store.open(database_url)
    try:
        assert await tell(Desk(keyless), post) == 1
    finally:
        await keyless.close()
    waiting = await each_desk.read(Transaction.invitation, made.id)
    assert (waiting.state, waiting.problem) == (
        InvitationState.WAITING,
        Text(
            "LIANKE_SECRET_KEY 打不开来宾的邮件地址。",
            "LIANKE_SECRET_KEY does not open the guest's mail address.",
        ),
    )
