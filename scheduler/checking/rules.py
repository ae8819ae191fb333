"""Whether what is to come keeps the rulebook; where not, whether it went wrong or news was told.

An outage, a holiday or a busy teacher that is told after a booking leaves the session where it is,
until somebody decides (nothing moves by itself). That is no error. A broken rule is one if nothing
has been told since the session was given its place.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from calendars.bells import SchoolId
from scheduler.checking.double_booking import kits_of
from scheduler.conflicts import find_conflicts
from scheduler.members import TeacherId
from scheduler.model import Conflict, Proposal, ProposalState, Resource, ResourceKind, Session
from scheduler.model.findings import Check, Finding, about, found_in
from scheduler.schools import Situation
from scheduler.store import Transaction
from scheduler.store.opened import chunks

_JUDGED_AT_ONCE: Final = 1_000
"""As many as a long day has: with each part whatever is within a day of it is read again."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a session breaks, or a place that an open proposal holds for it."""

    session: Session
    conflict: Conflict
    schools: frozenset[SchoolId]
    proposal: Proposal | None = None

    @property
    def subject(self) -> tuple[str, str]:
        if self.proposal is not None:
            return ("proposals", self.proposal.id)
        return ("sessions", self.session.id)


async def broken_by_sessions(transaction: Transaction, sessions: Sequence[Session]) -> list[Broken]:
    """The rules that those of the sessions, sorted by time, break which are still to come."""
    now = transaction.now
    to_come = [each for each in sessions if each.slot.starts >= now]
    broken: list[Broken] = []
    for part in chunks(to_come, _JUDGED_AT_ONCE):
        broken += _broken_by(part, await transaction.situation(part), now)
    return broken


async def findings_of(transaction: Transaction, broken: Sequence[Broken]) -> list[Finding]:
    """Each broken rule as an error, or as news that waits for people."""
    news = await transaction.placed_before_news({each.subject: each.schools for each in broken})
    return [_finding(each, waits=each.subject in news) for each in broken]


async def broken_by_proposals(transaction: Transaction) -> list[Broken]:
    """The rules that proposed places would break, were they agreed to now."""
    proposals = await transaction.proposals(states=(ProposalState.OPEN,), limit=None)
    still_open = [each for each in proposals if each.is_open(transaction.now)]
    overtaken = {each.id for each in await transaction.overtaken_among(still_open)}
    broken: list[Broken] = []
    for proposal in still_open:
        if proposal.id in overtaken:
            continue
        places = [each.after for each in proposal.places]
        situation = await transaction.situation(places)
        others = (each for each in situation.sessions if each.id not in proposal.sessions)
        around = replace(situation, sessions=(*others, *places))
        broken += (
            replace(each, proposal=proposal) for each in _broken_by(places, around, transaction.now)
        )
    return broken


def _broken_by(
    sessions: Sequence[Session], situation: Situation, now: datetime
) -> Iterator[Broken]:
    """Each session is judged only among those that use something of its own: much faster."""
    users: defaultdict[Resource, list[int]] = defaultdict(list)
    for place, other in enumerate(situation.sessions):
        for resource in _used_by(other, situation):
            users[resource].append(place)
    teaching = defaultdict[TeacherId, set[SchoolId]](set)
    for book in situation.schools.values():
        for teacher in book.teachers.values():
            teaching[teacher.id] |= {teacher.school, *teacher.also_at}
    for session in sessions:
        near = {place for each in _used_by(session, situation) for place in users[each]}
        named = (each for site in session.sites for each in site.required_teachers)
        schools = {site.school for site in session.sites}.union(*(teaching[each] for each in named))
        around = replace(
            situation,
            schools={each: situation.schools[each] for each in schools & situation.schools.keys()},
            sessions=tuple(situation.sessions[place] for place in sorted(near)),
        )
        for conflict in find_conflicts(session, around, now=now):
            yield Broken(session, conflict, frozenset(schools))


def _used_by(session: Session, situation: Situation) -> set[Resource]:
    rooms = {
        room.id: room
        for site in session.sites
        if site.school in situation.schools
        for room in situation.schools[site.school].rooms.values()
        if room.id == site.room
    }
    own = {each for each in session.resources() if each.kind is not ResourceKind.SCHOOL}
    return own | kits_of(session, rooms)


def _finding(broken: Broken, *, waits: bool) -> Finding:
    session, conflict, proposal = broken.session, broken.conflict, broken.proposal
    zh, en = f"违反 {conflict.rule}：{conflict.sentence.zh}", f"{conflict.rule}: "
    en += conflict.sentence.en
    if proposal is None:
        return about(session, Check.RULES, zh, f"it breaks {en}", waits=waits)
    found = found_in(
        Check.RULES,
        f"proposals {proposal.id}",
        f"为“{session.title}”保留的位置{zh}",
        f"the place that it holds for “{session.title}” breaks {en}",
    )
    return replace(found, waits_for_people=waits)
