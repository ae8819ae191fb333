"""A calendar's standing moves with what it shows, and each edition of it has a later date."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from scheduler.members import Teacher
from scheduler.model import Resource, ResourceKind, SessionState
from scheduler.store import Edition, Standing, Store
from tests.builders import NOW, a_block, a_room, a_session, a_site, a_teacher, at
from tests.scheduler.store.desk import Desk

ROOM = Resource(ResourceKind.ROOM, "TF1-R1")
TEACHER = Resource(ResourceKind.TEACHER, "JS-T1")
SCHOOL = Resource(ResourceKind.SCHOOL, "JS")
CLASS = Resource(ResourceKind.CLASS_GROUP, "JS-C1")
ALLIANCE = None
RESOURCES = (ROOM, TEACHER, SCHOOL, CLASS, ALLIANCE)


async def standings(desk: Desk) -> list[Standing]:
    async with desk.read() as transaction:
        return [await transaction.standing_of("c", each) for each in RESOURCES]


def moved(before: list[Standing], after: list[Standing]) -> list[Resource | None]:
    pairs = zip(RESOURCES, before, after, strict=True)
    return [resource for resource, old, new in pairs if not old.covers(new)]


async def test_a_standing_moves_with_the_sessions_that_are_shown_and_only_those(
    desk: Desk,
) -> None:
    session = a_session()
    before = await standings(desk)
    await desk.add(session)
    after = await standings(desk)
    assert moved(before, after) == list(RESOURCES)
    cancelled = replace(session, state=SessionState.CANCELLED)
    await desk.replace(session, cancelled)
    last = await standings(desk)
    assert moved(after, last) == list(RESOURCES)
    await desk.add(a_session("s2", at("9:00"), sites=(a_site("CB"),), link_pool=None))
    assert moved(last, await standings(desk)) == [ALLIANCE]


async def test_a_standing_moves_where_a_session_leaves(desk: Desk) -> None:
    session = a_session()
    await desk.add(session)
    before = await standings(desk)
    elsewhere = replace(session, sites=(a_site("TF1", room=a_room(no=2).id), session.sites[1]))
    await desk.replace(session, elsewhere)
    assert ROOM in moved(before, await standings(desk))


async def test_an_observers_standing_moves_too(desk: Desk) -> None:
    before = await standings(desk)
    site = a_site("CB", observers=(a_teacher("JS").id,))
    await desk.add(a_session(sites=(site,), link_pool=None))
    assert moved(before, await standings(desk)) == [TEACHER, ALLIANCE]


async def test_a_standing_moves_with_names_but_not_with_what_is_not_shown(desk: Desk) -> None:
    before = await standings(desk)
    await desk.put(a_block(at("9:00"), "JS", room=a_room("JS").id))
    assert moved(before, await standings(desk)) == []
    await desk.put(a_teacher("CB", name="新名字"))
    assert moved(before, await standings(desk)) == list(RESOURCES)


async def test_no_standing_comes_twice_though_a_teacher_goes_and_comes_back(desk: Desk) -> None:
    seen = [(await standings(desk))[1]]
    for _ in range(3):
        async with desk.read() as transaction:
            stored = await transaction.get(Teacher, "JS-T1")
        await desk.write(
            lambda transaction: transaction.delete(Teacher, "JS-T1", revision=stored.revision)  # noqa: B023 - called at once
        )
        seen.append((await standings(desk))[1])
        await desk.put(a_teacher("JS"))
        seen.append((await standings(desk))[1])
    assert not any(old.covers(new) for old, new in pairwise(seen))


AN_EDITION = Edition(tag="a", as_of=NOW, shown=1, touched=1)
NOON = int(NOW.timestamp())


async def test_an_edition_is_as_old_as_its_bytes(desk: Desk) -> None:
    first = await publish(desk, AN_EDITION)
    assert first == replace(AN_EDITION, modified=NOON)
    again = replace(AN_EDITION, touched=2, as_of=NOW + timedelta(minutes=1))
    assert await publish(desk, again, seconds=60) == first


async def test_each_edition_is_dated_later_than_the_one_before(desk: Desk) -> None:
    editions = [replace(AN_EDITION, tag=tag, touched=no) for no, tag in enumerate("abcab")]
    dates = [(await publish(desk, each)).modified for each in editions]
    assert dates == [NOON, NOON + 1, NOON + 2, NOON + 3, NOON + 4]
    later = replace(AN_EDITION, tag="c", touched=9)
    assert (await publish(desk, later, seconds=60)).modified == NOON + 60
    slow = replace(AN_EDITION, tag="d", touched=10)
    assert (await publish(desk, slow, seconds=-60)).modified == NOON + 61


async def test_nobody_publishes_what_is_older_than_what_is_published(desk: Desk) -> None:
    current = replace(AN_EDITION, tag="b", touched=2, as_of=NOW + timedelta(minutes=1))
    published = await publish(desk, current)
    for older in (AN_EDITION, replace(current, tag="c", as_of=NOW)):
        assert await publish(desk, older) == published


async def test_a_clock_that_was_set_back_far_is_believed(desk: Desk) -> None:
    await publish(desk, replace(AN_EDITION, tag="b", as_of=NOW + timedelta(days=100)))
    assert (await publish(desk, AN_EDITION)).tag == "a"


async def test_calendars_have_editions_of_their_own(desk: Desk) -> None:
    await publish(desk, AN_EDITION)
    other = await desk.write(
        lambda transaction: transaction.publish("other", replace(AN_EDITION, tag="z"))
    )
    assert other.modified == NOON


async def test_another_process_tells_the_same_date(desk: Desk, database_url: str) -> None:
    published = await publish(desk, AN_EDITION)
    elsewhere = await Store.open(database_url)
    try:
        async with elsewhere.read(now=NOW) as transaction:
            assert (await transaction.standing_of("c", ROOM)).modified == published.modified
    finally:
        await elsewhere.close()


async def publish(desk: Desk, wish: Edition, *, seconds: int = 0) -> Edition:
    """What becomes of it, so many seconds after noon."""
    return await desk.write(
        lambda transaction: transaction.publish("c", wish), now=NOW + timedelta(seconds=seconds)
    )
