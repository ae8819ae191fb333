"""The rulebook: H1-H17 stated once. Pure; booking, moving, confirming, allocation and screens ask it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from scheduler.model import Conflict, Session
from scheduler.schools import Situation

Rule = Callable[[Session, Situation], Iterator[Conflict]]

RULES: Final[tuple[Rule, ...]] = ()


def find_conflicts(
    session: Session,
    situation: Situation,
    *,
    now: datetime,
    published: Session | None = None,
    automatic: bool = False,
) -> tuple[Conflict, ...]:
    """Every broken rule, not the first.

    `published` is the session as it stands in the ledger, when this is a change of it; `automatic`
    says that a machine and no person asks (H11). Sessions of the situation that are no longer live
    at `now`, and the session itself, are in nobody's way (H14).
    """
    raise NotImplementedError
