"""What all have agreed to moves when all agree again: until then it stays and the place is held."""

from datetime import timedelta
from typing import Any

import pytest

from calendars.bells import SchoolId
from scheduler.availability.asking import availability
from scheduler.availability.stretches import Use
from scheduler.booking.alternatives_for_several import suggest_for_proposal
from scheduler.booking.consent import confirm
from scheduler.booking.proposals import (
    answer_proposal,
    close_proposals,
    propose_move,
    withdraw_proposal,
)
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.booking.swaps import Exchange, SwapWish, swap
from scheduler.checking.database import check
from scheduler.errors import (
    ClashError,
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StaleError,
    StateError,
)
from scheduler.model import (
    Actor,
    ActorRole,
    Proposal,
    ProposalState,
    ResourceKind,
    Role,
    Session,
    SessionState,
)
from scheduler.placing import wish_of
from scheduler.store import Transaction
from tests.builders import an_outage, at, some_books
from tests.scheduler.conftest import Open
from tests.scheduler.desk import OFFICE, Desk, a_booking, a_wish, coordinator_of, open_all_day

JS = SchoolId("JS")
TF1 = SchoolId("TF1")
CB = SchoolId("CB")
LATER = at("16:10")


async def _agreed(desk: Desk, **fields: Any) -> Session:
    """TF1's lesson for JS, to which both have agreed."""
    session = await desk.book(a_booking(**fields), by=coordinator_of("TF1"))
    return await desk.do(confirm, session.id, JS, 1, by=coordinator_of("JS"))


async def _proposed(desk: Desk, session: Session, by: str = "JS") -> Proposal:
    """That school would rather have it after school."""
    wish = SessionChange(slot=LATER, reason="班会")
    return await desk.do(propose_move, session.id, wish, session.revision, by=coordinator_of(by))


async def test_a_counter_proposal_moves_the_session_when_the_others_agree(each_desk: Desk) -> None:
    held = await each_desk.book(by=coordinator_of("TF1"))
    proposal = await _proposed(each_desk, held)
    assert (proposal.state, proposal.asked) == (ProposalState.OPEN, (TF1,))
    assert await each_desk.session(held) == held
    done = await each_desk.do(
        answer_proposal, proposal.id, TF1, 1, agrees=True, by=coordinator_of("TF1")
    )
    moved = await each_desk.session(held)
    assert (done.state, done.revision) == (ProposalState.ACCEPTED, 2)
    assert (moved.slot, moved.state, moved.reason) == (LATER, SessionState.CONFIRMED, "班会")
    assert [site.answered_by for site in moved.sites] == ["TF1 教导处", "JS 教导处"]
    assert await each_desk.read(check) == ()


async def test_nobody_else_gets_the_place_meanwhile(each_desk: Desk) -> None:
    session = await _agreed(each_desk)
    proposal = await _proposed(each_desk, session)
    taking = a_booking(slot=LATER, sites=(a_wish("TF1"),), form="dedicated", link_pool=None)
    with pytest.raises(ClashError) as refused:
        await each_desk.book(taking)
    assert {conflict.rule for conflict in refused.value.conflicts} == {"H1", "H2", "H3"}
    assert await each_desk.read(check) == ()
    booked = await each_desk.book(taking, now=proposal.expires_at)
    assert booked.slot == LATER


async def test_the_place_is_shown_as_held(desk: Desk) -> None:
    proposal = await _proposed(desk, await _agreed(desk))
    assert proposal.state is ProposalState.OPEN
    found = await desk.read(availability, [ResourceKind.ROOM], LATER, ids=["TF1-R1"])
    assert [stretch.use for each in found for stretch in each.stretches] == [Use.HELD]


async def test_a_no_leaves_everything_as_it_was_and_is_told(each_desk: Desk) -> None:
    session = await _agreed(each_desk)
    proposal = await _proposed(each_desk, session)
    with pytest.raises(InvalidWishError):
        await each_desk.do(answer_proposal, proposal.id, TF1, 1, agrees=False)
    declined = await each_desk.do(
        answer_proposal, proposal.id, TF1, 1, agrees=False, reason="没有教室"
    )
    assert (declined.state, declined.answer) == (ProposalState.DECLINED, "没有教室")
    assert await each_desk.session(session) == session
    assert (await each_desk.book(a_booking(slot=LATER))).state is SessionState.HELD
    told = [notice.sentence.zh for notice in await each_desk.notices()]
    assert (
        "JS 教导处提议把9月8日（周二）14:00-14:40的“三年级音乐”改到9月8日（周二）16:10-16:50。"
        "原因：班会。已被谢绝：没有教室，一切照旧。" in told
    )


async def test_everybody_asked_must_agree_and_each_answers_once_for_all_its_parts(
    each_desk: Desk,
) -> None:
    music = await _agreed(each_desk)
    art = await _agreed(each_desk, title="美术", slot=LATER)
    wish = SwapWish(other=art.id, other_revision=2, what=Exchange.TIMES)
    asked = await each_desk.do(swap, music.id, wish, 2, by=OFFICE)
    assert asked.sessions == (music, art)
    assert asked.proposal is not None
    assert asked.proposal.asked == (TF1, JS)
    half = await each_desk.do(answer_proposal, asked.proposal.id, JS, 1, agrees=True)
    assert (half.state, half.asked) == (ProposalState.OPEN, (TF1,))
    assert (await each_desk.session(music), await each_desk.session(art)) == (music, art)
    await each_desk.do(answer_proposal, asked.proposal.id, TF1, 2, agrees=True)
    swapped = await each_desk.session(music), await each_desk.session(art)
    assert [(each.slot, each.state) for each in swapped] == [
        (LATER, SessionState.CONFIRMED),
        (music.slot, SessionState.CONFIRMED),
    ]
    assert await each_desk.read(check) == ()


async def test_what_changed_meanwhile_fails_clearly_and_holds_nothing(each_desk: Desk) -> None:
    session = await _agreed(each_desk)
    proposal = await _proposed(each_desk, session)
    await each_desk.do(cancel, session.id, 2, reason="停电")
    with pytest.raises(StateError, match="changed or has ended meanwhile"):
        await each_desk.do(answer_proposal, proposal.id, TF1, 1, agrees=True)
    assert (await each_desk.book(a_booking(slot=LATER))).state is SessionState.HELD
    closed = await each_desk.do(close_proposals)
    assert [(each.id, each.state) for each in closed] == [(proposal.id, ProposalState.OVERTAKEN)]
    assert await each_desk.do(close_proposals) == ()
    with pytest.raises(StateError, match="overtaken"):
        await each_desk.do(answer_proposal, proposal.id, TF1, 2, agrees=True)


async def test_other_words_do_not_overtake_a_proposal(desk: Desk) -> None:
    session = await _agreed(desk)
    proposal = await _proposed(desk, session)
    await desk.do(change, session.id, SessionChange(title="三年级合唱"), 2)
    await desk.do(answer_proposal, proposal.id, TF1, 1, agrees=True)
    moved = await desk.session(session)
    assert (moved.title, moved.slot) == ("三年级合唱", LATER)


async def test_the_rulebook_is_asked_again_at_the_last_yes(desk: Desk) -> None:
    session = await _agreed(desk)
    proposal = await _proposed(desk, session)
    await desk.do(Transaction.put, an_outage(LATER, room="JS-R1"), revision=None)
    with pytest.raises(ClashError) as refused:
        await desk.do(answer_proposal, proposal.id, TF1, 1, agrees=True)
    assert [conflict.rule for conflict in refused.value.conflicts] == ["H9"]
    assert await desk.session(session) == session
    instead = (await desk.read(suggest_for_proposal, proposal.id))()
    assert {each.session for each in instead} == {session.id}
    # What its own proposal holds is not in its way: another room there comes first.
    assert (instead[0].slot, instead[0].sites[1].room) == (LATER, "JS-R2")
    anew = SessionChange(slot=instead[0].slot, sites=instead[0].sites)
    assert (await desk.do(propose_move, session.id, anew, 2)).state is ProposalState.OPEN


async def test_a_proposal_without_an_answer_runs_out_with_the_hours_of_a_hold(
    each_desk: Desk,
) -> None:
    session = await _agreed(each_desk)
    proposal = await _proposed(each_desk, session)
    # As for a hold: 48 working hours from the summer break on.
    assert proposal.expires_at.isoformat() == "2026-09-02T16:00:00+00:00"
    just_in_time = proposal.expires_at - timedelta(seconds=1)
    assert await each_desk.do(close_proposals, now=just_in_time) == ()
    with pytest.raises(StateError, match="has run out"):
        await each_desk.do(
            answer_proposal, proposal.id, TF1, 1, agrees=True, now=proposal.expires_at
        )
    closed = await each_desk.do(close_proposals, now=proposal.expires_at)
    assert [each.state for each in closed] == [ProposalState.EXPIRED]


async def test_where_standing_consent_covers_the_new_place_it_moves_at_once(
    open_desk: Open,
) -> None:
    desk = await open_desk(
        *some_books(**{name: {"open_slots": (open_all_day(name),)} for name in ("TF1", "JS")})
    )
    session = await desk.book()
    done = await _proposed(desk, session)
    assert done.state is ProposalState.ACCEPTED
    assert (await desk.session(session)).slot == LATER
    assert await desk.read(Transaction.proposal, done.id) == done


async def test_a_school_answers_for_itself_and_only_where_it_takes_part(desk: Desk) -> None:
    proposal = await _proposed(desk, await _agreed(desk))
    with pytest.raises(ForbiddenError):
        await desk.do(answer_proposal, proposal.id, TF1, 1, agrees=True, by=coordinator_of("JS"))
    with pytest.raises(NotFoundError):
        await desk.do(answer_proposal, proposal.id, CB, 1, agrees=True)
    with pytest.raises(StaleError):
        await desk.do(answer_proposal, proposal.id, TF1, 2, agrees=True)


@pytest.mark.parametrize(
    "stranger",
    [coordinator_of("TF1"), Actor(name="x", role=ActorRole.TEACHER, school=JS)],
    ids=lambda actor: actor.role,
)
async def test_only_its_proposer_takes_it_back(desk: Desk, stranger: Actor) -> None:
    session = await _agreed(desk)
    proposal = await _proposed(desk, session)
    with pytest.raises(ForbiddenError):
        await desk.do(withdraw_proposal, proposal.id, 1, by=stranger)
    back = await desk.do(withdraw_proposal, proposal.id, 1, by=coordinator_of("JS"))
    assert back.state is ProposalState.WITHDRAWN
    assert await desk.session(session) == session


async def test_new_words_need_no_proposal(desk: Desk) -> None:
    session = await _agreed(desk)
    with pytest.raises(InvalidWishError):
        await desk.do(propose_move, session.id, SessionChange(title="合唱"), 2)


async def test_a_place_that_rules_forbid_is_not_proposed(desk: Desk) -> None:
    session = await _agreed(desk)
    lunch = SessionChange(slot=at("12:15"))
    with pytest.raises(ClashError):
        await desk.do(propose_move, session.id, lunch, 2)


async def test_a_guest_that_the_office_arranged_comes_along(desk: Desk) -> None:
    sites = (a_wish("TF1", participants=("CB-T1",)), a_wish("JS", Role.LISTEN))
    session = await desk.book(a_booking(sites=sites))
    for revision, name in ((1, TF1), (2, JS)):
        session = await desk.do(confirm, session.id, name, revision)
    proposal = await desk.do(propose_move, session.id, SessionChange(slot=LATER), 3)
    for revision, school in ((1, "TF1"), (2, "JS")):
        proposal = await desk.do(
            answer_proposal,
            proposal.id,
            SchoolId(school),
            revision,
            agrees=True,
            by=coordinator_of(school),
        )
    assert proposal.state is ProposalState.ACCEPTED


async def test_who_proposed_a_move_asked_for_it_not_who_said_the_last_yes(each_desk: Desk) -> None:
    proposal = await _proposed(each_desk, await _agreed(each_desk), by="JS")
    await each_desk.do(answer_proposal, proposal.id, TF1, 1, agrees=True, by=coordinator_of("TF1"))
    (record,) = await each_desk.read(Transaction.adjustments)
    assert (record.asked_by, record.asked_as, record.reason) == (
        "JS 教导处",
        ActorRole.SCHOOL_COORDINATOR,
        "班会",
    )


async def test_what_the_office_proposed_is_asked_by_the_office(desk: Desk) -> None:
    session = await _agreed(desk)
    wish = SessionChange(slot=LATER, reason="教研")
    proposal = await desk.do(propose_move, session.id, wish, 2, by=OFFICE)
    for revision, school in enumerate(proposal.asked, start=1):
        await desk.do(
            answer_proposal, proposal.id, school, revision, agrees=True, by=coordinator_of(school)
        )
    (record,) = await desk.read(Transaction.adjustments)
    assert (record.asked_by, record.asked_as) == (OFFICE.name, OFFICE.role)


@pytest.mark.parametrize("by", ["JS", "TF1"])
async def test_the_place_it_has_is_not_proposed(desk: Desk, by: str) -> None:
    session = await _agreed(desk)
    sites = tuple(map(wish_of, session.sites))
    for same in (SessionChange(slot=session.slot), SessionChange(sites=sites)):
        with pytest.raises(InvalidWishError, match="nothing would change"):
            await desk.do(propose_move, session.id, same, 2, by=coordinator_of(by))


async def test_a_second_yes_changes_nothing(each_desk: Desk) -> None:
    proposal = await _proposed(each_desk, await _agreed(each_desk), by="JS")
    again = await each_desk.do(
        answer_proposal, proposal.id, JS, 1, agrees=True, by=coordinator_of("JS")
    )
    assert again == proposal
    done = await each_desk.do(
        answer_proposal, proposal.id, TF1, 1, agrees=True, by=coordinator_of("TF1")
    )
    assert done.state is ProposalState.ACCEPTED
