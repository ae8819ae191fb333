"""代课 and 补课: another teacher for one session, and another time for one that was missed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.access import require_change_of
from scheduler.disruptions.making_up import MakeUp, make_up, make_up_places
from scheduler.disruptions.recordings import ShowRecording, show_recording
from scheduler.disruptions.replacements import Replacement
from scheduler.disruptions.substituting import Substitute, Substitution, substitute, substitutes
from scheduler.errors import (
    ClashError,
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StateError,
)
from scheduler.http.answers import Page
from scheduler.http.resources.sessions import OF_A_CHANGE
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.model import Session, SessionId
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SubstituteList:
    """At which school of the session somebody is to stand in."""

    school: SchoolId


async def _substituted(transaction: Transaction, call: Call[Substitution, object]) -> Session:
    session = await transaction.session(SessionId(call.id))
    require_change_of(call.actor, session)
    return await substitute(
        transaction, session.id, call.body, call.if_match.expect(session.revision)
    )


async def _who_could(
    transaction: Transaction, call: Call[NoBody, SubstituteList]
) -> Callable[[], Page[Substitute]]:
    found = await substitutes(transaction, SessionId(call.id), call.query.school)
    return lambda: Page(items=found(), next=None)


async def _shown(transaction: Transaction, call: Call[ShowRecording, object]) -> Session:
    session = await transaction.session(SessionId(call.id))
    require_change_of(call.actor, session)
    revision = call.if_match.expect(session.revision)
    return await show_recording(transaction, session.id, call.body, revision)


async def _made_up(transaction: Transaction, call: Call[MakeUp, object]) -> Session:
    missed = await transaction.session(SessionId(call.id))
    require_change_of(call.actor, missed, [site.school for site in call.body.sites or ()])
    return await make_up(transaction, missed.id, call.body)


async def _when_it_could(
    transaction: Transaction, call: Call[NoBody, object]
) -> Callable[[], Page[Replacement]]:
    found = await make_up_places(transaction, SessionId(call.id))
    return lambda: Page(items=found(), next=None)


TAG: Final = Text("代课与补课", "Substitutions and make-ups")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/sessions/{id}/substitutes",
        tag=TAG,
        summary=Text(
            "谁能代课：当时有空；主讲须同学科；代得少的在前",
            "Who could stand in: free, of the subject where it is led, the least burdened first",
        ),
        query=SubstituteList,
        answer=Page[Substitute],
        errors=(NotFoundError,),
        run=_who_could,
    ),
    Route(
        method="POST",
        path="/sessions/{id}/substitution",
        tag=TAG,
        summary=Text("代课：请另一位教师上这次课", "Let another teacher take this session"),
        body=Substitution,
        answer=Session,
        errors=OF_A_CHANGE,
        needs_if_match=True,
        run=_substituted,
    ),
    Route(
        method="POST",
        path="/sessions/{id}/recording",
        tag=TAG,
        summary=Text(
            "改放录像：主讲教师来不了又无人代课时，各校改看录像",
            "Show a recording instead, where nobody can lead the lesson live",
        ),
        body=ShowRecording,
        answer=Session,
        errors=OF_A_CHANGE,
        needs_if_match=True,
        run=_shown,
    ),
    Route(
        method="GET",
        path="/sessions/{id}/make-up-places",
        tag=TAG,
        summary=Text(
            "停掉或落空的课可在哪几天补",
            "When a missed session could be held, the next dates first",
        ),
        answer=Page[Replacement],
        errors=(NotFoundError, StateError),
        run=_when_it_could,
    ),
    Route(
        method="POST",
        path="/sessions/{id}/make-up",
        tag=TAG,
        summary=Text("补课：另约时间，并与原课关联", "Hold a missed session another time"),
        body=MakeUp,
        answer=Session,
        errors=(NotFoundError, ForbiddenError, ClashError, StateError, InvalidWishError),
        run=_made_up,
    ),
)
