"""Places that sessions would move to together, held while the schools concerned are asked."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NewType

from calendars.bells import SchoolId
from scheduler.members import IDENTIFIER, Line, Name, Note
from scheduler.model.agenda import SessionId, SiteState
from scheduler.model.readers import ActorRole
from scheduler.model.sessions import Session

ProposalId = NewType("ProposalId", str)


class ProposalKind(StrEnum):
    """Another place for one session, two that swap, or one that makes room for another."""

    MOVE = "move"
    SWAP = "swap"
    BUMP = "bump"


class ProposalState(StrEnum):
    """Only an open one holds anything; `overtaken` says that its sessions changed meanwhile."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedPlace:
    """A session as it was when the schools were asked (None: a new one), and as it would be."""

    before: Session | None
    after: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What somebody proposes for sessions that others have agreed to: all of it happens or nothing.

    Each site of `places` says what its school has answered. Until the last has agreed the sessions
    stay where they are, and nobody else gets the places. `school` is that of whoever proposes, if
    it is not the office; `answer` is why a school said no; `cause` is the outage behind it.
    """

    id: Annotated[ProposalId, IDENTIFIER]
    kind: ProposalKind
    places: tuple[ProposedPlace, ...]
    state: ProposalState = ProposalState.OPEN
    proposed_by: Name
    proposed_as: ActorRole = ActorRole.SCHOOL_COORDINATOR
    school: SchoolId | None = None
    reason: Note = ""
    answer: Note = ""
    cause: Line = ""
    expires_at: datetime
    created_at: datetime
    revision: int = 1

    @property
    def sessions(self) -> tuple[SessionId, ...]:
        """The sessions that would be placed."""
        return tuple(each.after.id for each in self.places)

    @property
    def asked(self) -> tuple[SchoolId, ...]:
        """The schools still to answer, each once."""
        waiting = (
            site.school
            for each in self.places
            for site in each.after.sites
            if site.state is SiteState.HELD
        )
        return tuple(dict.fromkeys(waiting))

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be answered."""
        return self.state is ProposalState.OPEN and now < self.expires_at
