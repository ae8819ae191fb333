"""Whose calendar it is: which sessions concern a reader, and which part is the own. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from calendars.text import Language
from scheduler.model import (
    Resource,
    ResourceKind,
    Role,
    Scope,
    Session,
    Site,
    Subscription,
)

_RESOURCES: Final = {
    Scope.TEACHER: ResourceKind.TEACHER,
    Scope.SCHOOL: ResourceKind.SCHOOL,
    Scope.SUBJECT: ResourceKind.SCHOOL,
    Scope.ROOM: ResourceKind.ROOM,
    Scope.CLASS_GROUP: ResourceKind.CLASS_GROUP,
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose calendar it is, and in which language. Subscriptions of equal readers show the same.

    `expand`: a simple client, which wants every date of a series as an event of its own.
    """

    scope: Scope
    subject_id: str | None
    language: Language
    subject: str | None = None
    expand: bool = False

    @classmethod
    def of(cls, subscription: Subscription, *, expand: bool = False) -> "Reader":
        """Whoever holds the address of the subscription."""
        return cls(
            subscription.scope,
            subscription.subject_id,
            subscription.language,
            subscription.subject,
            expand,
        )

    @property
    def resource(self) -> Resource | None:
        """What every session of the calendar touches, where there is such a thing."""
        kind = _RESOURCES.get(self.scope)
        return None if kind is None else Resource(kind, str(self.subject_id))

    def own(self, sessions: Sequence[Session]) -> Sequence[Session]:
        """Those that belong in the calendar, of sessions that touch the reader's resource."""
        match self.scope:
            case Scope.STUDIO:
                return [each for each in sessions if each.studio == self.subject_id]
            case Scope.SUBJECT:
                return [each for each in sessions if each.subject == self.subject]
        return sessions

    def site_in(self, session: Session) -> Site | None:
        """The reader's own part in a session; the alliance and a studio have none.

        A teacher who only looks on has a part of that kind, at whichever site it is.
        """
        own = next((site for site in session.sites if self._is_at(site)), None)
        if own is None and self.scope is Scope.TEACHER:
            watched = (site for site in session.sites if self.subject_id in site.observers)
            return next((replace(site, role=Role.OBSERVE) for site in watched), None)
        return own

    def only_looks_on(self, session: Session) -> bool:
        """Whether the session leaves the reader's time free: observers need not come (E45)."""
        return self.scope is Scope.TEACHER and not any(map(self._is_at, session.sites))

    def _is_at(self, site: Site) -> bool:
        match self.scope:
            case Scope.TEACHER:
                return self.subject_id in site.required_teachers
            case Scope.SCHOOL | Scope.SUBJECT:
                return self.subject_id == site.school
            case Scope.ROOM:
                return self.subject_id == site.room
            case Scope.CLASS_GROUP:
                return self.subject_id in site.class_groups
        return False
