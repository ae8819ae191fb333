"""Who books while a room goes out of use is refused or listed, and never lost, on both engines."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from scheduler.booking.single import SessionChange, change
from scheduler.disruptions.outages import Remedies, Remedy, apply_remedies, mark
from scheduler.errors import ClashError
from scheduler.model import Kind, Role, Session
from scheduler.store import Transaction
from tests.builders import TUESDAY, an_outage, at
from tests.scheduler.desk import Desk, a_booking, a_wish
from tests.scheduler.disruptions.outages.test_outages import O1, applied, listed, taken
from tests.scheduler.overtaking import overtake


@pytest.mark.parametrize("resource", [{"room": "JS-R1"}, {"link_pool": "bridge"}])
async def test_a_booking_at_the_moment_of_an_outage_is_refused_or_listed(
    each_desk: Desk, resource: dict[str, Any]
) -> None:
    slots = [at("8:30", 30), at("9:25", 30), at("10:35", 30), at("14:00", 30)]
    bookings = [
        each_desk.book(a_booking(slot=slot, min_minutes=20, title=slot.starts.isoformat()))
        for slot in slots
    ]
    outage = an_outage(at("8:00", 600), **resource)
    first, *rest = bookings
    ended = await asyncio.gather(
        first, each_desk.do(mark, outage, revision=None), *rest, return_exceptions=True
    )
    booked = {each.id: each.title for each in ended if isinstance(each, Session)}
    refused = [each for each in ended if isinstance(each, ClashError)]
    assert len(booked) + len(refused) == len(slots)
    assert all({conflict.rule for conflict in each.conflicts} == {"H9"} for each in refused)
    assert {hit.session.id for hit in await listed(each_desk)} == set(booked)
    warned = " ".join(
        each.sentence.zh for each in await each_desk.notices() if "停用" in each.sentence.zh
    )
    assert all(title in warned for title in booked.values())


async def test_two_who_take_up_replacements_for_one_room_do_not_both_get_it(
    each_desk: Desk,
) -> None:
    """Both lose their own room and are shown the same free one, one list after the other."""
    session = await each_desk.book()
    await each_desk.do(mark, an_outage(at("13:00", 120), room="JS-R1"), revision=None)
    (hit,) = await listed(each_desk)
    alone = a_wish("JS", Role.LEAD, room="JS-R1", teacher="JS-T3", class_groups=())
    other = await each_desk.book(
        a_booking(sites=(alone,), slot=at("16:10"), link_pool=None, form="dedicated")
    )
    into = SessionChange(
        slot=session.slot,
        sites=(a_wish("JS", Role.LEAD, room="JS-R2", teacher="JS-T3", class_groups=()),),
    )
    runs = (
        applied(each_desk, [taken(session, hit.replacements[0])]),
        each_desk.do(change, other.id, into, other.revision),
    )
    await asyncio.gather(*runs, return_exceptions=True)
    sessions = await each_desk.read(Transaction.sessions)
    assert sum(site.room == "JS-R2" for each in sessions for site in each.sites) == 1


async def test_two_who_take_up_many_replacements_do_not_wait_for_each_other(
    each_desk: Desk,
) -> None:
    """In opposite orders: each locks everything at once, so that neither begins anew."""
    for day, lead in enumerate(("TF1", "CB", "TF1", "CB")):
        sites = (
            a_wish(lead, class_groups=()),
            a_wish("JS", Role.LISTEN, class_groups=()),
        )
        slot = at("16:10", on=TUESDAY + timedelta(days=day))
        await each_desk.book(
            a_booking(kind=Kind.JOINT_RESEARCH, sites=sites, slot=slot, link_pool=None)
        )
    await each_desk.do(mark, an_outage(at("8:00", 4 * 24 * 60), room="JS-R1"), revision=None)
    remedies = [taken(each.session, each.replacements[0]) for each in await listed(each_desk)]

    def take_up(*order: Remedy) -> Any:
        return lambda each: apply_remedies(each, O1, Remedies(remedies=order))

    met = await overtake(
        each_desk, take_up(*remedies), take_up(*remedies[::-1]), halt="add_notices"
    )
    assert met.begun == 2
    moved = [sum(each.refusal is None for each in done) for done in (met.first, met.second)]
    assert moved == [len(remedies), 0]
