"""Whether schools have told something since sessions or proposals were given their places.

The audit knows: a record that was changed without an entry is no news.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Row, select

from calendars.bells import SchoolId
from scheduler.model import Request
from scheduler.records import KINDS, NAMES
from scheduler.store import tables
from scheduler.store.codec import decode_plain
from scheduler.store.opened import OpenTransaction

_TABLE = tables.audit
_ALLIANCE: Final = ""
_TOLD: Final = (*(name for name in KINDS if name != NAMES[Request]), "imports")
"""What the rulebook looks at besides sessions: what a school says, and what it lets us read."""
_PLACE: Final = frozenset({"slot", "link_pool"})
_PART: Final = frozenset(
    {"school", "role", "room", "teacher", "participants", "class_groups", "tactic"}
)
_PAGE: Final = 500

Subject = tuple[str, str]


async def placed_before_news(
    transaction: OpenTransaction, placed: Mapping[Subject, Collection[SchoolId]]
) -> set[Subject]:
    """The sessions and proposals that had their places before their schools told something new.

    `placed` names each by kind and id, with the schools concerned; the alliance concerns all.
    """
    numbers = {subject: await _placing_entry(transaction, *subject) for subject in placed}
    news = await _latest_news(transaction, after=min(numbers.values(), default=0))
    return {
        subject
        for subject, schools in placed.items()
        if any(news[each] > numbers[subject] for each in (*schools, _ALLIANCE))
    }


async def _placing_entry(transaction: OpenTransaction, kind: str, id: str) -> int:
    """The entry that gave it the place it has: the last that changed it; 0 if that is gone."""
    query = select(_TABLE.c.no, _TABLE.c.before, _TABLE.c.after)
    rows = await transaction.all(
        query.where(_TABLE.c.subject_id == id, _TABLE.c.subject_kind == kind).order_by(
            _TABLE.c.no.desc()
        )
    )
    return next((row.no for row in rows if _place(row.before) != _place(row.after)), 0)


def _place(body: str | None) -> object:
    """When, where and with whom, of a session or of each session that a proposal places."""
    value: Any = decode_plain(body)
    if not isinstance(value, dict):
        return None
    if "places" in value:
        return [_place_of(each["after"]) for each in value["places"]]
    return _place_of(value)


def _place_of(session: dict[str, Any]) -> object:
    sites = [{name: site.get(name) for name in _PART} for site in session.get("sites", ())]
    return sites, {name: session.get(name) for name in _PLACE}


async def _latest_news(transaction: OpenTransaction, *, after: int) -> Mapping[str, int]:
    """The number of the newest entry about each school's own records, and the alliance's."""
    news: defaultdict[str, int] = defaultdict(int)
    query = select(_TABLE).where(_TABLE.c.subject_kind.in_(_TOLD)).order_by(_TABLE.c.no)
    while rows := await transaction.all(query.where(_TABLE.c.no > after).limit(_PAGE)):
        for row in rows:
            for school in _told_by(row):
                news[school] = row.no
        after = rows[-1].no
    return news


def _told_by(row: Row[Any]) -> set[str]:
    """The schools of the record before and after; that of no school is the alliance's."""
    versions: list[Any] = [decode_plain(body) for body in (row.before, row.after) if body]
    if row.subject_kind == "schools":
        return {row.subject_id}
    return {each.get("school") or _ALLIANCE for each in versions}
