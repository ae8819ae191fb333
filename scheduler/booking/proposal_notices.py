"""What schools are told of a proposal: what would move where, why, and what became of it. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import uuid4

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.booking.notices import moment_words
from scheduler.local_words import wall_clock
from scheduler.model import (
    Notice,
    Proposal,
    ProposalKind,
    ProposalState,
    ProposedPlace,
    Session,
    SiteState,
)
from scheduler.schools import SchoolBook

Books = Mapping[SchoolId, SchoolBook]


def asked(proposal: Proposal, books: Books, now: datetime) -> tuple[Notice, ...]:
    """Every school concerned learns what is proposed; those to be asked, until when to answer."""
    notices = []
    for place in proposal.places:
        for site in place.after.sites:
            book = books[site.school]
            what = _what(proposal, place, book)
            if site.state is SiteState.HELD:
                until = moment_words(proposal.expires_at, book)
                who = book.school.confirmer or book.school.name
                tail = Text(
                    f"请{who}在{until.zh}前同意或谢绝；未答复则一切照旧。",
                    f"{who} is asked to agree or decline before {until.en}; without an answer "
                    "everything stays as it is.",
                )
            else:
                tail = Text("待其他学校答复。", "Other schools are still to answer.")
            notices.append(_to(proposal, place, site.school, Text.joined((what, tail)), now))
    return tuple(notices)


def closed(proposal: Proposal, books: Books, now: datetime) -> tuple[Notice, ...]:
    """Every school that had been told learns that nothing of it happens."""
    end = _ENDS[proposal.state]
    tail = Text(
        f"{end.zh}{f'：{proposal.answer}' if proposal.answer else ''}，一切照旧。",
        f"{end.en}{f': {proposal.answer}' if proposal.answer else ''}. Everything stays as it is.",
    )
    return tuple(
        _to(
            proposal,
            place,
            site.school,
            Text.joined((_what(proposal, place, books[site.school]), tail)),
            now,
        )
        for place in proposal.places
        for site in place.after.sites
    )


def schools_of(proposal: Proposal) -> set[SchoolId]:
    """The schools that it concerns."""
    return {site.school for place in proposal.places for site in place.after.sites}


def why(proposal: Proposal, moved: Session) -> Text:
    """Why a session has moved, as everybody in it is told."""
    words = proposal.reason.rstrip("。.")
    reason = Text(f"原因：{words}。", f"Reason: {words}.") if words else Text("", "")
    others = [each.after for each in proposal.places if each.after.id != moved.id]
    match proposal.kind:
        case ProposalKind.SWAP:
            lead = Text(f"与“{others[0].title}”互换。", f"It was swapped with “{others[0].title}”.")
        case ProposalKind.BUMP if moved.id != proposal.places[0].after.id:
            first = proposal.places[0].after
            lead = Text(f"为“{first.title}”让位。", f"It made room for “{first.title}”.")
        case _:
            return reason
    return Text(lead.zh + reason.zh, f"{lead.en} {reason.en}".strip())


def reason_of(proposal: Proposal, moved: Session) -> str:
    """Why a session has moved, as it is kept with the session and in its history."""
    if proposal.kind is not ProposalKind.BUMP or moved.id == proposal.places[0].after.id:
        return proposal.reason
    title = proposal.places[0].after.title
    return f"为“{title}”让位 / made room for “{title}”：{proposal.reason}"


_ENDS: Final[dict[ProposalState, Text]] = {
    ProposalState.DECLINED: Text("已被谢绝", "It was declined"),
    ProposalState.WITHDRAWN: Text("已撤回", "It was taken back"),
    ProposalState.EXPIRED: Text("无人答复，已到期", "It ran out without an answer"),
    ProposalState.OVERTAKEN: Text(
        "因相关活动已变动而作废", "It lapsed, for a session in it has changed"
    ),
}


def _what(proposal: Proposal, place: ProposedPlace, book: SchoolBook) -> Text:
    new = wall_clock(place.after.slot, book.time.zone)
    title, by = place.after.title, proposal.proposed_by
    if place.before is None:
        what = Text(
            f"{by}提议{new.zh}安排“{title}”。", f"{by} proposes to hold “{title}” on {new.en}."
        )
    else:
        old = wall_clock(place.before.slot, book.time.zone)
        what = Text(
            f"{by}提议把{old.zh}的“{title}”改到{new.zh}。",
            f"{by} proposes to move “{title}” from {old.en} to {new.en}.",
        )
    reason = why(proposal, place.after)
    return Text(what.zh + reason.zh, f"{what.en} {reason.en}".strip())


def _to(
    proposal: Proposal, place: ProposedPlace, school: SchoolId, sentence: Text, now: datetime
) -> Notice:
    session = place.after.id
    return Notice(
        id=uuid4().hex,
        key=f"{proposal.id}:{proposal.revision}:{proposal.state}:{session}:{school}",
        school=school,
        session=None if place.before is None else session,
        sentence=sentence,
        created_at=now,
    )
