"""Proposals: places that agreed sessions would move to, once the schools concerned agree."""

from dataclasses import dataclass
from typing import Final

from calendars.text import Text
from scheduler.access import require_change_of, require_sessions_of
from scheduler.booking.alternatives import FindAlternatives, suggest_for_change
from scheduler.booking.alternatives_for_several import suggest_for_proposal
from scheduler.booking.bumps import (
    BumpingMove,
    BumpWish,
    bump,
    bump_by_moving,
    suggest_for_bump,
    suggest_for_bump_by_moving,
)
from scheduler.booking.proposals import answer_proposal, propose_move, withdraw_proposal
from scheduler.booking.single import SessionChange
from scheduler.errors import NotFoundError
from scheduler.http.answers import Page
from scheduler.http.paging import PartOfList, page_of, position
from scheduler.http.resources.sessions import OF_A_CHANGE, TAG, SchoolAnswer
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.model import Proposal, ProposalId, ProposalState, SessionId
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalList(PartOfList):
    """Which proposals to list."""

    states: tuple[ProposalState, ...] = tuple(ProposalState)


async def _listed(transaction: Transaction, call: Call[NoBody, ProposalList]) -> Page[Proposal]:
    query = call.query
    found = await transaction.proposals(
        states=query.states, after=position(query.cursor), limit=query.limit + 1
    )
    return page_of(found, query.limit)


async def _read(transaction: Transaction, call: Call[NoBody, object]) -> Proposal:
    return await transaction.proposal(ProposalId(call.id))


async def _proposed(transaction: Transaction, call: Call[SessionChange, object]) -> Proposal:
    session = await transaction.session(SessionId(call.id))
    require_change_of(call.actor, session, [site.school for site in call.body.sites or ()])
    revision = call.if_match.expect(session.revision)
    return await propose_move(transaction, session.id, call.body, revision)


async def _instead(transaction: Transaction, call: Call[SessionChange, object]) -> FindAlternatives:
    return await suggest_for_change(transaction, SessionId(call.id), call.body)


async def _bumped(transaction: Transaction, call: Call[BumpWish, object]) -> Proposal:
    require_sessions_of(call.actor, [site.school for site in call.body.booking.sites])
    return await bump(transaction, call.body)


async def _instead_of_bump(
    transaction: Transaction, call: Call[BumpWish, object]
) -> FindAlternatives:
    return await suggest_for_bump(transaction, call.body)


async def _bumped_by_moving(transaction: Transaction, call: Call[BumpingMove, object]) -> Proposal:
    session = await transaction.session(SessionId(call.id))
    require_change_of(call.actor, session, [site.school for site in call.body.sites or ()])
    revision = call.if_match.expect(session.revision)
    return await bump_by_moving(transaction, session.id, call.body, revision)


async def _instead_of_moving(
    transaction: Transaction, call: Call[BumpingMove, object]
) -> FindAlternatives:
    return await suggest_for_bump_by_moving(transaction, SessionId(call.id), call.body)


async def _answered(transaction: Transaction, call: Call[SchoolAnswer, object]) -> Proposal:
    proposal, answer = await transaction.proposal(ProposalId(call.id)), call.body
    return await answer_proposal(
        transaction,
        proposal.id,
        answer.school,
        call.if_match.expect(proposal.revision),
        agrees=answer.says == "yes",
        reason=answer.reason,
    )


async def _instead_of_proposal(
    transaction: Transaction, call: Call[SchoolAnswer, object]
) -> FindAlternatives:
    return await suggest_for_proposal(transaction, ProposalId(call.id))


async def _withdrawn(transaction: Transaction, call: Call[NoBody, object]) -> Proposal:
    proposal = await transaction.proposal(ProposalId(call.id))
    return await withdraw_proposal(
        transaction, proposal.id, call.if_match.expect(proposal.revision)
    )


ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="POST",
        path="/sessions/{id}/proposals",
        tag=TAG,
        summary=Text(
            "提议改到别的时间或教室：各校同意后才改，之前原安排不变、新时段保留",
            "Propose another time or room: it moves when all agree, and until then it stays",
        ),
        body=SessionChange,
        answer=Proposal,
        errors=OF_A_CHANGE,
        needs_if_match=True,
        run=_proposed,
        alternatives=_instead,
    ),
    Route(
        method="POST",
        path="/bumps",
        tag=TAG,
        summary=Text(
            "优先级高的活动请别的活动让位：让位者须同时得到可行的新安排",
            "Let a session of higher priority displace others, each into a valid new place",
        ),
        body=BumpWish,
        answer=Proposal,
        errors=OF_A_CHANGE,
        run=_bumped,
        alternatives=_instead_of_bump,
    ),
    Route(
        method="POST",
        path="/sessions/{id}/bumps",
        tag=TAG,
        summary=Text(
            "改期时请优先级低的活动让位",
            "Move a session to where others of lower priority are, which get a valid new place",
        ),
        body=BumpingMove,
        answer=Proposal,
        errors=OF_A_CHANGE,
        needs_if_match=True,
        run=_bumped_by_moving,
        alternatives=_instead_of_moving,
    ),
    Route(
        method="GET",
        path="/proposals",
        tag=TAG,
        summary=Text("列出提议（改期、互换、让位）", "List proposals to move, swap or make room"),
        query=ProposalList,
        answer=Page[Proposal],
        run=_listed,
    ),
    Route(
        method="GET",
        path="/proposals/{id}",
        tag=TAG,
        summary=Text("读取一个提议及各校答复", "Read a proposal and what schools have answered"),
        answer=Proposal,
        errors=(NotFoundError,),
        run=_read,
    ),
    Route(
        method="POST",
        path="/proposals/{id}/answers",
        tag=TAG,
        summary=Text(
            "学校同意或谢绝提议；最后一校同意时全部一起生效",
            "A school says yes or no to a proposal; with the last yes all of it happens",
        ),
        body=SchoolAnswer,
        answer=Proposal,
        errors=OF_A_CHANGE,
        needs_if_match=True,
        run=_answered,
        alternatives=_instead_of_proposal,
    ),
    Route(
        method="POST",
        path="/proposals/{id}/withdrawal",
        tag=TAG,
        summary=Text("撤回提议", "Take a proposal back"),
        answer=Proposal,
        errors=OF_A_CHANGE,
        needs_if_match=True,
        run=_withdrawn,
    ),
)
