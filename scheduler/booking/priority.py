"""Which session comes first where only one can be held: the same order for bumps and for waiting.

Instruction comes before meetings, and what is held all term before what is held once.
"""

from datetime import datetime

from scheduler.errors import StateError
from scheduler.members import School
from scheduler.model import Booking, Session, Waiting

Rank = tuple[bool, bool]


def rank_of(session: Session | Booking, *, all_term: bool) -> Rank:
    """Higher comes first. `all_term`: it is a date of a series."""
    return any(site.class_groups for site in session.sites), all_term


def turn_of(waiting: Waiting, school: School) -> tuple[int, bool, bool, bool, datetime, str]:
    """Sorts a waiting list: priority, then a school with support priority, then who filed first.

    Whoever let offers lapse comes after everybody who has let fewer, whatever the priority: each
    gets a turn before anybody gets another.
    """
    return (
        waiting.lapses,
        not waiting.brings_pupils,
        not waiting.is_all_term,
        not school.support_priority,
        waiting.filed_at,
        waiting.id,
    )


def require_higher(rank: Rank, displaced: Session) -> None:
    """`StateError` unless `rank` comes before that of the session that is to make room."""
    if rank <= rank_of(displaced, all_term=displaced.series is not None):
        raise StateError(
            f"优先级不高于“{displaced.title}”，不能要求其让位：有学生上课的先于教研活动，"
            "整学期的先于单次的。",
            f"It does not come before “{displaced.title}”, which need not make room: lessons come "
            "before meetings, and what is held all term before what is held once.",
        )
