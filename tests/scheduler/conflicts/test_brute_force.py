"""The rules about who and what is taken, against a count of every single minute."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import product
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendars.slots import Slot
from scheduler.conflicts import Rule, find_conflicts
from scheduler.conflicts.classes import classes_are_in_one_place
from scheduler.conflicts.links import links_are_free
from scheduler.conflicts.rooms import rooms_are_free, rooms_have_time_to_set_up
from scheduler.conflicts.teachers import teachers_are_in_one_place
from scheduler.members import BusyBlock, LinkPool, LinkPoolId, Room
from scheduler.model import Kind, Role, Session, SessionState, Site
from scheduler.schools import Situation
from tests.builders import (
    NOW,
    a_block,
    a_room,
    a_session,
    a_site,
    a_situation,
    an_alliance,
    at,
    some_books,
)

TAKING: Final[tuple[Rule, ...]] = (
    rooms_are_free,
    teachers_are_in_one_place,
    classes_are_in_one_place,
    links_are_free,
    rooms_have_time_to_set_up,
)
SCHOOLS: Final = ("TF1", "JS", "CB")
TRAVEL: Final = 30
NOON: Final = at("12:00").starts
ROOMS: Final[dict[str, Room]] = {
    room.id: room
    for room in (
        a_room("TF1", 1, kit="cart", buffer_minutes=0),
        a_room("TF1", 2, kit="cart", buffer_minutes=15),
        a_room("JS", 1),
        a_room("JS", 2, buffer_minutes=5),
        a_room("CB", 1, kit="cart"),
        a_room("CB", 2, buffer_minutes=0),
    )
}
POOL: Final = LinkPool(id=LinkPoolId("bridge"), name="视频桥", sessions=2, ports=4)
TEACHERS: Final = tuple(f"{school}-T{no}" for school, no in product(SCHOOLS, (1, 2)))

# What is drawn: a seed, because drawing every field by itself takes longer than judging it --------


class Dice(Random):
    """Everything that a case is made of."""

    def slot(self) -> Slot:
        starts = NOON + timedelta(minutes=5 * self.randint(0, 24))
        return Slot(starts, starts + timedelta(minutes=5 * self.randint(1, 8)))

    def site(self, school: str, role: Role) -> Site:
        return a_site(
            school,
            role,
            room=self.choice((None, f"{school}-R1", f"{school}-R2")),
            teacher=self.choice((None, *TEACHERS)),
            participants=tuple(self.sample(TEACHERS, self.randint(0, 1))),
            observers=tuple(self.sample(TEACHERS, self.randint(0, 1))),
            class_groups=tuple(self.sample((f"{school}-C1", f"{school}-C2"), self.randint(0, 1))),
            swap_agreed=True,
        )

    def session(self, name: str, *, live: bool = False) -> Session:
        states: list[tuple[SessionState, datetime | None]] = [
            (SessionState.CONFIRMED, None),
            (SessionState.HELD, NOW + timedelta(minutes=1)),
        ]
        if not live:
            states += [(SessionState.HELD, NOW), (SessionState.CANCELLED, None)]
        state, expires = self.choice(states)
        schools = self.sample(SCHOOLS, self.randint(1, 3))
        return a_session(
            name,
            self.slot(),
            kind=Kind.JOINT_RESEARCH,
            sites=tuple(
                self.site(school, Role.LISTEN if no else Role.LEAD)
                for no, school in enumerate(schools)
            ),
            link_pool=self.choice((None, POOL.id, POOL.id)),
            state=state,
            hold_expires_at=expires,
        )

    def block(self, school: str) -> BusyBlock:
        kind, name = self.choice((("room", "R1"), ("teacher", "T1"), ("class_group", "C1")))
        return a_block(self.slot(), school, **{kind: f"{school}-{name}"})

    def situation(self) -> Situation:
        others = [self.session(f"s{no}") for no in range(2, 2 + self.randint(1, 5))]
        busy = {school: (self.block(school),) * self.randint(0, 1) for school in SCHOOLS}
        return a_situation_of(others, busy)


SEEDS: Final = st.integers(0, 2**32).map(Dice)


def a_situation_of(others: Sequence[Session], busy: dict[str, Any]) -> Situation:
    books = some_books(
        **{
            school: {
                "rooms": {room.id: room for room in ROOMS.values() if room.school == school},
                "busy": busy.get(school, ()),
            }
            for school in SCHOOLS
        }
    )
    return a_situation(*others, books=books, alliance=an_alliance(link_pools={POOL.id: POOL}))


# What every minute says -------------------------------------------------------------------------


def minutes(slot: Slot, around: int = 0) -> set[int]:
    """The minutes after noon that a slot takes, with some before and after."""
    starts, ends = (_minute(moment) for moment in (slot.starts, slot.ends))
    return set(range(starts - around, ends + around))


def _minute(moment: datetime) -> int:
    return int((moment - NOON).total_seconds()) // 60


def is_live(session: Session) -> bool:
    if session.state is SessionState.HELD:
        return session.hold_expires_at is None or session.hold_expires_at > NOW
    return session.state is SessionState.CONFIRMED


def taken_by_minute(session: Session, situation: Situation) -> set[tuple[str, str, str]]:
    """(rule, resource, in the way) as counted; the resource is ours."""
    found: set[tuple[str, str, str]] = set()
    others = [other for other in situation.sessions if is_live(other)]
    for site, other in product(session.sites, others):
        for theirs in other.sites:
            found |= _two_sites(session, site, other, theirs)
    for site, other_site in product(session.sites, session.sites):
        if site.school < other_site.school:
            found |= {("H2", who, "") for who in _needed(site) & _needed(other_site)}
            if _share_a_kit(site, other_site):
                found.add(("H1", "cart", ""))
    for site, book in product(session.sites, situation.schools.values()):
        for block in book.busy:
            found |= _occupied(session.slot, site, block)
    if session.link_pool and _pool_runs_out(session, others):
        found.add(("H6", POOL.id, ""))
    return found


def _occupied(slot: Slot, site: Site, block: BusyBlock) -> set[tuple[str, str, str]]:
    found = set()
    same = minutes(slot) & minutes(block.slot)
    around = 0 if block.school == site.school else TRAVEL
    if block.room is not None and same and block.room == site.room:
        found.add(("H1", str(block.room), ""))
    if block.class_group is not None and same and block.class_group in site.class_groups:
        found.add(("H3", str(block.class_group), ""))
    if block.teacher in _needed(site) and minutes(slot) & minutes(block.slot, around):
        found.add(("H2", str(block.teacher), ""))
    return found


def _needed(site: Site) -> set[str]:
    return {*site.participants, *((site.teacher,) if site.teacher else ())}


def _share_a_kit(one: Site, other: Site) -> bool:
    kits = [ROOMS[site.room].kit for site in (one, other) if site.room is not None]
    return len(kits) == 2 and set(kits) == {"cart"}


def _two_sites(session: Session, site: Site, other: Session, theirs: Site) -> set[Any]:
    found: set[Any] = set()
    same = minutes(session.slot) & minutes(other.slot)
    if site.room is not None and theirs.room is not None:
        ours, them = ROOMS[site.room], ROOMS[theirs.room]
        buffer = max(ours.buffer_minutes, them.buffer_minutes)
        if ours is them or (ours.kit is not None and ours.kit == them.kit):
            if same:
                found.add(("H1", site.room, other.id))
            elif _who(session) != _who(other) and minutes(session.slot) & minutes(
                other.slot, buffer
            ):
                found.add(("H12", site.room, other.id))
    around = 0 if site.school == theirs.school else TRAVEL
    if minutes(session.slot) & minutes(other.slot, around):
        found |= {("H2", who, other.id) for who in _needed(site) & _needed(theirs)}
    if same:
        found |= {
            ("H3", group, other.id) for group in {*site.class_groups} & {*theirs.class_groups}
        }
    return found


def _who(session: Session) -> set[str]:
    return {site.school for site in session.sites} | {
        group for site in session.sites for group in site.class_groups
    }


def _pool_runs_out(session: Session, others: Sequence[Session]) -> bool:
    for minute in minutes(session.slot):
        using = [each for each in others if each.link_pool and minute in minutes(each.slot)]
        ports = len(session.sites) + sum(len(each.sites) for each in using)
        if len(using) + 1 > POOL.sessions or ports > POOL.ports:
            return True
    return False


# What the rules say -------------------------------------------------------------------------------


def taken_by_rules(
    session: Session, situation: Situation, rules: tuple[Rule, ...] = TAKING
) -> set[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    for conflict in find_conflicts(session, situation, now=NOW, rules=rules):
        ours = conflict.resources[0].id
        if conflict.rule == "H6":
            found.add(("H6", ours, ""))
        elif conflict.rule == "H1" and len(conflict.resources) == 3 and not conflict.sessions:
            found.add(("H1", "cart", ""))
        else:
            found |= {(conflict.rule, ours, other) for other in conflict.sessions or ("",)}
    return found


@settings(max_examples=400, deadline=None)
@given(SEEDS)
def test_the_rules_find_what_every_minute_shows_and_nothing_else(dice: Dice) -> None:
    session, situation = dice.session("s1", live=True), dice.situation()

    assert taken_by_rules(session, situation) == taken_by_minute(session, situation)


@settings(max_examples=400, deadline=None)
@given(SEEDS)
def test_what_is_in_my_way_has_me_in_its_way(dice: Dice) -> None:
    one, other = dice.session("s1", live=True), dice.session("s2", live=True)

    def in_the_way(session: Session, of: Session) -> set[tuple[str, str]]:
        situation = a_situation_of([session], {})
        return {
            (conflict.rule, "" if conflict.rule in ("H1", "H12") else conflict.resources[0].id)
            for conflict in find_conflicts(of, situation, now=NOW, rules=TAKING)
            if session.id in conflict.sessions
        }

    assert in_the_way(one, other) == in_the_way(other, one)


CROWDED: Final = a_situation_of(
    [
        a_session("s2", at("12:30"), sites=(a_site("TF1"), a_site("JS", Role.LISTEN))),
        a_session("s3", at("13:15"), sites=(a_site("CB"), a_site("JS", Role.LISTEN))),
    ],
    {},
)
ASKING: Final = a_session(
    slot=at("12:30"), sites=(a_site("TF1"), a_site("JS", Role.LISTEN), a_site("CB", Role.LISTEN))
)


@pytest.mark.parametrize("rule", TAKING)
def test_a_crowded_day_shows_when_a_rule_is_missing(rule: Rule) -> None:
    """The comparison above would fail without any one of these rules."""
    without = tuple(other for other in TAKING if other is not rule)

    assert taken_by_rules(ASKING, CROWDED) == taken_by_minute(ASKING, CROWDED)
    assert taken_by_rules(ASKING, CROWDED, without) != taken_by_minute(ASKING, CROWDED)
