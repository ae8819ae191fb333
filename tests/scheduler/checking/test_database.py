"""A sound database is found sound, and every way of being wrong is named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from calendars.days import DayKind
from calendars.series import Weekly
from scheduler.booking.proposals import answer_proposal
from scheduler.booking.series import book_series
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.checking.database import check
from scheduler.checking.double_booking import nothing_is_used_twice, pools_carry_their_peaks
from scheduler.checking.states import (
    dates_are_held_once,
    series_are_known,
    series_go_on,
    states_are_sound,
)
from scheduler.disruptions.outages import mark
from scheduler.errors import ClashError
from scheduler.exchange import import_files
from scheduler.members import Room, RoomId
from scheduler.model import (
    Role,
    Series,
    SeriesBooking,
    SeriesId,
    Session,
    SessionState,
    SiteState,
)
from scheduler.model.findings import Check, Finding
from scheduler.placing import agenda_of
from scheduler.store import Store, Transaction
from scheduler.store.claims import seconds_of
from tests.builders import (
    NOW,
    TUESDAY,
    a_day,
    a_pool,
    a_room,
    a_session,
    a_site,
    an_outage,
    at,
    wall,
)
from tests.scheduler.checking.conftest import Patient
from tests.scheduler.desk import Desk, a_booking, a_wish, coordinator_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "fourth-alliance"
LATER = NOW + timedelta(days=60)
WEDNESDAY = TUESDAY + timedelta(days=1)


async def test_an_empty_database_is_sound(store: Store) -> None:
    assert await Desk(store).read(check) == ()


async def test_what_people_do_leaves_a_sound_database(patient: Patient) -> None:
    """Booked, moved, cancelled, held and run out; a room's kit and buffer changed afterwards."""
    desk = patient.desk
    weekly = Weekly(weekday=2, starts=wall("14:00"), minutes=40, weeks="1-4")
    sites = (a_wish("TF1"), a_wish("JS", Role.LISTEN))
    wanted = {"term": "TF1-2026-1", "weekly": weekly, "sites": sites}
    booked = await desk.do(book_series, SeriesBooking(**agenda_of(a_booking()) | wanted))
    first, second, third, _ = booked.booked
    await desk.do(change, first.id, SessionChange(title="欣赏课"), first.revision)
    moved = SessionChange(slot=at("14:00", on=third.slot.starts.date() + timedelta(days=1)))
    await desk.do(change, third.id, moved, third.revision)
    await desk.do(cancel, second.id, second.revision, reason="停电")

    async def refit(transaction: Transaction) -> None:
        stored = await transaction.get(Room, "TF1-R1")
        room = replace(stored.record, kit="kit-1", buffer_minutes=15)
        await transaction.put(room, revision=stored.revision)

    await desk.do(refit)
    assert await patient.findings() == set()
    assert await patient.findings(LATER) == set()
    await desk.do(refit_with("kit-2"), now=LATER)
    assert await patient.findings(LATER) == set()


def refit_with(kit: str) -> Callable[[Transaction], Any]:
    async def refit(transaction: Transaction) -> None:
        stored = await transaction.get(Room, "TF1-R1")
        await transaction.put(replace(stored.record, kit=kit), revision=stored.revision)

    return refit


async def test_the_example_is_sound(store: Store) -> None:
    files = {path.name: path.read_bytes() for path in EXAMPLE.glob("*.csv")}
    desk = Desk(store)
    await desk.do(import_files, files)
    assert await desk.read(check) == ()


async def test_a_double_booking_that_went_past_the_claims_is_found(patient: Patient) -> None:
    early = await patient.desk.book(a_booking())
    late = await patient.desk.book(a_booking(slot=at("14:00", on=WEDNESDAY)))
    await patient.rewrite(late, slot=early.slot)
    found = await patient.findings()
    assert (Check.DOUBLE_BOOKING, f"sessions {min(early.id, late.id)}") in found
    assert found >= {
        (Check.COLUMNS, f"sessions {late.id}"),
        (Check.CLAIMS, f"sessions {late.id}"),
        (Check.RULES, f"sessions {late.id}"),
        (Check.RULES, f"sessions {early.id}"),
        (Check.AUDIT, f"sessions {late.id}"),
    }


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE claims SET ends = ends - 60 WHERE kind = 'room'",
        "UPDATE claims SET live = false WHERE kind = 'teacher'",
        "DELETE FROM claims WHERE kind = 'link_pool'",
        """INSERT INTO claims SELECT DISTINCT session,
            (SELECT number FROM resources WHERE id = 'TF1-R2'),
            'room', starts, ends, expires, sites, party, true, live FROM claims""",
    ],
)
async def test_claims_that_are_missing_foreign_or_late_are_found(
    patient: Patient, statement: str
) -> None:
    session = await patient.desk.book(a_booking())
    await patient.type(statement)
    assert await patient.findings() == {(Check.CLAIMS, f"sessions {session.id}")}


async def test_a_guard_that_knows_another_buffer_is_found(patient: Patient) -> None:
    await patient.type("UPDATE resources SET buffer_seconds = 0 WHERE id = 'TF1-R1'")
    await patient.type("UPDATE resources SET sessions = 99 WHERE id = 'bridge'")
    assert await patient.findings() == {
        (Check.RESOURCES, "rooms TF1-R1"),
        (Check.RESOURCES, "link-pools bridge"),
    }


async def test_resources_without_records_and_records_without_resources_are_found(
    patient: Patient,
) -> None:
    await patient.type("UPDATE resources SET id = 'TF1-R9' WHERE id = 'TF1-R2'")
    assert await patient.findings() == {
        (Check.RESOURCES, "rooms TF1-R2"),
        (Check.RESOURCES, "resources room TF1-R9"),
    }


async def test_a_room_whose_kit_has_no_row_is_found(patient: Patient) -> None:
    await patient.desk.do(refit_with("kit-1"))
    await patient.type("UPDATE resources SET id = 'kit-9' WHERE kind = 'kit'")
    assert await patient.findings() == {(Check.RESOURCES, "rooms TF1-R1")}


async def test_names_of_what_does_not_exist_are_found(patient: Patient) -> None:
    session = await patient.desk.book(a_booking())
    lead, other = session.sites
    await patient.rewrite(session, sites=(replace(lead, room=RoomId("TF1-R9")), other))
    found = await patient.findings()
    named = f"sessions {session.id}"
    assert {(Check.REFERENCES, named), (Check.CLAIMS, named)} <= found


async def test_references_that_are_noted_wrongly_are_found(patient: Patient) -> None:
    await patient.type(
        "DELETE FROM record_references WHERE from_id = 'TF1-R1' AND to_kind = 'schools'"
    )
    assert await patient.findings() == {(Check.REFERENCES, "rooms TF1-R1")}


async def test_a_value_that_cannot_be_read_comes_alone(patient: Patient) -> None:
    session = await patient.desk.book(a_booking())
    await patient.type("UPDATE sessions SET body = '{}', state = 'cancelled'")
    await patient.type("UPDATE records SET body = '[' WHERE id = 'TF1-R1'")
    assert await patient.findings() == {
        (Check.UNREADABLE, f"sessions {session.id}"),
        (Check.UNREADABLE, "rooms TF1-R1"),
    }


async def test_sessions_that_a_rule_forbids_by_now_wait_for_people(patient: Patient) -> None:
    """H8: a holiday was told after the booking. What has passed is not judged again."""
    session = await patient.desk.book(a_booking())
    await patient.desk.do(Transaction.put_many, [a_day(TUESDAY, DayKind.HOLIDAY)])
    assert await patient.waiting() == {(Check.RULES, f"sessions {session.id}")}
    assert await patient.findings() == set()
    assert await patient.findings(LATER) == set()


async def test_sessions_that_an_outage_hits_wait_for_people(patient: Patient) -> None:
    """Also after somebody has reworded them; those that moved meanwhile wait no more (E30)."""
    hit = await patient.desk.book(a_booking())
    await patient.desk.do(mark, an_outage(at("14:00"), room="TF1-R1"), revision=None)
    assert await patient.waiting() == {(Check.RULES, f"sessions {hit.id}")}
    hit = await patient.desk.do(change, hit.id, SessionChange(title="欣赏课"), hit.revision)
    assert await patient.waiting() == {(Check.RULES, f"sessions {hit.id}")}
    away = SessionChange(sites=(a_wish("TF1", room="TF1-R2"), a_wish("JS", Role.LISTEN)))
    await patient.desk.do(change, hit.id, away, hit.revision)
    assert await patient.waiting() == set()
    assert await patient.findings() == set()


async def test_a_rule_that_was_broken_when_the_place_was_given_is_an_error(
    patient: Patient,
) -> None:
    """The outage was known, or only another school has told something, or nobody noted it."""
    await patient.desk.do(mark, an_outage(at("14:00"), room="TF1-R1"), revision=None)
    session = await patient.desk.book(a_booking(slot=at("16:10")))
    moved = replace(session, slot=at("14:00"))
    await patient.desk.do(Transaction.replace_session, session, moved)
    found = {(Check.RULES, f"sessions {session.id}")}
    assert await patient.findings() == found
    assert await patient.waiting() == set()
    await patient.desk.do(Transaction.put_many, [a_day(TUESDAY, DayKind.HOLIDAY, school="CB")])
    assert await patient.findings() == found
    await patient.desk.do(Transaction.put_many, [a_day(WEDNESDAY, DayKind.HOLIDAY)])
    assert await patient.findings() == set()
    assert await patient.waiting() == found


async def test_a_record_that_was_changed_without_a_trace_excuses_nothing(patient: Patient) -> None:
    session = await patient.desk.book(a_booking())
    await patient.type(
        "UPDATE records SET body = replace(body, :has, :seats)"
        " WHERE kind = 'rooms' AND id = 'TF1-R1'",
        has='"seats":50',
        seats='"seats":1',
    )
    await patient.type("UPDATE books SET revision = revision + 1 WHERE school = 'TF1'")
    assert await patient.findings() == {(Check.RULES, f"sessions {session.id}")}


async def test_a_proposed_place_that_a_rule_forbids_by_now_waits_for_people(
    patient: Patient,
) -> None:
    proposal = await patient.proposed()
    assert await patient.findings() | await patient.waiting() == set()
    await patient.desk.do(mark, an_outage(at("16:10"), room="TF1-R1"), revision=None)
    assert await patient.waiting() == {(Check.RULES, f"proposals {proposal.id}")}
    assert await patient.findings() == set()


async def test_sql_typed_into_a_proposed_place_is_found_and_makes_the_last_yes_fail(
    patient: Patient,
) -> None:
    """A proposal claims nothing (ADR 8): both sessions stay single, whoever types what."""
    proposal = await patient.proposed()
    alone = a_booking(slot=at("10:35"), sites=(a_wish("TF1"),), form="dedicated", link_pool=None)
    other = await patient.desk.book(alone)
    later = at("16:10")
    await patient.rewrite(other, slot=later)
    await patient.type(
        "UPDATE claims SET starts = :starts, ends = :ends WHERE session = :session",
        starts=seconds_of(later.starts),
        ends=seconds_of(later.ends),
        session=other.id,
    )
    found = await patient.findings()
    assert (Check.RULES, f"proposals {proposal.id}") in found
    assert Check.DOUBLE_BOOKING not in {check for check, _ in found}
    (school,) = proposal.asked
    with pytest.raises(ClashError):
        await patient.desk.do(
            answer_proposal, proposal.id, school, 1, agrees=True, by=coordinator_of(school)
        )
    stayed = await patient.desk.read(Transaction.session, proposal.sessions[0])
    assert stayed.slot == at("14:00")


async def test_sessions_without_an_alliance_are_found(patient: Patient) -> None:
    await patient.desk.book(a_booking())
    await patient.type("DELETE FROM record_references WHERE to_kind = 'alliances'")
    await patient.type("DELETE FROM records WHERE kind = 'alliances'")
    assert await patient.findings() == {(Check.REFERENCES, "alliances")}


async def test_a_change_that_left_no_trace_is_found(patient: Patient) -> None:
    session = await patient.desk.book(a_booking())
    await patient.rewrite(session, title="别的课")
    assert await patient.findings() == {(Check.AUDIT, f"sessions {session.id}")}


async def test_a_gap_in_the_audit_is_found_though_the_last_entry_fits(patient: Patient) -> None:
    session = await patient.desk.book(a_booking())
    await patient.rewrite(session, title="别的课")
    await patient.desk.do(change, session.id, SessionChange(note="再改"), session.revision)
    assert await patient.findings() == {(Check.AUDIT, f"sessions {session.id}")}


async def test_entries_that_no_version_here_can_read_are_compared_by_their_text(
    patient: Patient,
) -> None:
    await patient.type(
        """INSERT INTO audit (at, actor, role, origin, request, action, subject_kind, subject_id,
                              reason, before, after, chain, position, hash)
        SELECT '2026-08-20 01:00:00.000000', '', '', '', '', 'change', 'sessions', 'old', '',
               '{}', '{}', chain, position + 1, hash FROM audit_heads WHERE chain = 0"""
    )
    (old,) = {subject for _, subject in await patient.findings() if "no " not in subject}
    assert old == "sessions old"


async def test_a_session_that_vanished_is_found(patient: Patient) -> None:
    session = await patient.desk.book(a_booking())
    await patient.type("DELETE FROM claims")
    await patient.type("DELETE FROM sessions")
    assert await patient.findings() == {(Check.AUDIT, f"sessions {session.id}")}


async def test_a_change_of_the_past_is_found(patient: Patient) -> None:
    """Invariant 6."""
    session = await patient.desk.book(a_booking())

    async def move(transaction: Transaction) -> None:
        await transaction.replace_session(session, replace(session, slot=at("10:30")))

    await patient.desk.do(move, now=LATER)
    wrong = {Check.PAST, Check.NOTICES}  # nobody was told of it, either
    assert await patient.findings(LATER) == {(each, f"sessions {session.id}") for each in wrong}


ROOMS = {room.id: room for room in (a_room("TF1", kit="k"), a_room("CB", kit="k"))}


def told(findings: Any) -> list[tuple[Check, str]]:
    return [(each.check, each.subject) for each in findings]


@pytest.mark.parametrize(
    ("other", "wrong"),
    [
        (a_session("b", at("14:40")), False),
        (a_session("b", at("14:39")), True),
        (a_session("b", at("14:49"), sites=(a_site("TF1"),)), True),
        (a_session("b", at("14:50"), sites=(a_site("TF1"),)), False),
        (a_session("b", sites=(a_site("CB"),), link_pool=None), True),
        (a_session("b", sites=(a_site("QB"),), link_pool=None), False),
        (a_session("b", sites=(a_site("QB", teacher="JS-T1"),)), True),
        (a_session("b", sites=(a_site("QB", class_groups=("JS-C1",)),)), True),
    ],
)
def test_rooms_buffers_kits_teachers_and_classes_are_each_looked_at(
    other: Session, *, wrong: bool
) -> None:
    """The room of TF1 needs ten minutes between others, and has the kit of CB's room."""
    findings = list(nothing_is_used_twice([a_session("a"), other], ROOMS, NOW))
    assert {each.check for each in findings} == ({Check.DOUBLE_BOOKING} if wrong else set())


def test_buffers_and_kits_of_today_do_not_bind_the_past() -> None:
    others = [
        a_session("a"),
        a_session("b", at("14:49"), sites=(a_site("TF1"),)),
        a_session("c", sites=(a_site("CB"),)),
    ]
    assert list(nothing_is_used_twice(sorted_by_time(others), ROOMS, LATER)) == []


def sorted_by_time(sessions: list[Session]) -> list[Session]:
    return sorted(sessions, key=lambda session: session.slot)


def test_a_pool_is_counted_at_its_peak() -> None:
    """H6: three sessions in a row are one at a time; at 14:30 two are on, at 14:35 three."""
    live = [
        a_session("a", at("14:00")),
        a_session("b", at("14:30")),
        a_session("c", at("14:35"), sites=(a_site("TF1"),)),
    ]
    pool = a_pool(sessions=2)
    assert told(pools_carry_their_peaks(live, [pool], NOW)) == [
        (Check.DOUBLE_BOOKING, "sessions c")
    ]
    assert told(pools_carry_their_peaks(live, [pool], LATER)) == []
    few_ports = a_pool(sessions=9, ports=3)
    assert told(pools_carry_their_peaks(live, [few_ports], NOW)) == [
        (Check.DOUBLE_BOOKING, "sessions b"),
        (Check.DOUBLE_BOOKING, "sessions c"),
    ]


HELD = replace(a_site("JS", Role.LISTEN), state=SiteState.HELD)


@pytest.mark.parametrize(
    ("session", "wrong"),
    [
        (a_session(), False),
        (a_session(sites=(a_site("TF1"), HELD)), True),
        (
            a_session(sites=(a_site("TF1"), HELD), state=SessionState.HELD, hold_expires_at=LATER),
            False,
        ),
        (a_session(sites=(a_site("TF1"), HELD), state=SessionState.HELD), True),
        (a_session(state=SessionState.HELD, hold_expires_at=LATER), True),
        (
            a_session(
                sites=(a_site("TF1", state=SiteState.DECLINED), HELD), state=SessionState.HELD
            ),
            True,
        ),
        (a_session(state=SessionState.EXPIRED, hold_expires_at=NOW), False),
        (a_session(state=SessionState.EXPIRED, hold_expires_at=LATER), True),
        (a_session(hold_expires_at=LATER), True),
        (a_session(state=SessionState.CANCELLED, hold_expires_at=LATER), True),
        (a_session(sites=(a_site("TF1"), a_site("JS"))), True),
        (a_session(sites=(a_site("TF1"), a_site("TF1", Role.LISTEN))), True),
    ],
)
def test_a_state_is_borne_out_by_the_sites(session: Session, *, wrong: bool) -> None:
    assert told(states_are_sound([session], NOW)) == [(Check.STATES, "sessions s1")] * wrong


def test_series_and_their_sessions_belong_together() -> None:
    one = Series(
        **agenda_of(a_session()),
        id=SeriesId("one"),
        term="TF1-2026-1",
        weekly=Weekly(weekday=2, starts=wall("14:00"), minutes=40),
        sites=(a_wish("TF1"),),
        created_at=NOW,
        changed_at=NOW,
    )
    two = replace(one, id=SeriesId("two"), split_from=SeriesId("none"))
    of_one: dict[str, Any] = {"series": SeriesId("one"), "series_date": date(2026, 9, 8)}
    sessions = [
        a_session("a", **of_one),
        a_session("b", **of_one),
        a_session("c", **of_one, state=SessionState.CANCELLED),
        a_session("d", series=SeriesId("one")),
        a_session("e", series=SeriesId("three"), series_date=date(2026, 9, 8)),
    ]
    found: list[Finding] = [
        *dates_are_held_once(sessions, NOW),
        *series_are_known(sessions, {one.id, two.id}),
        *series_go_on([one, two]),
    ]
    assert told(found) == [
        (Check.SERIES, "sessions b"),
        (Check.SERIES, "sessions d"),
        (Check.SERIES, "sessions e"),
        (Check.SERIES, "series two"),
    ]
