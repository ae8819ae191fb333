"""What may happen to a ledger between several schools: rooms fail, proposals are made and answered,
what is more urgent takes a place, a plan is published. Each through the use case that people reach
it by, like all other happenings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from scheduler.booking.bumps import BumpWish, NewPlace, bump
from scheduler.booking.proposals import answer_proposal, propose_move, withdraw_proposal
from scheduler.booking.single import SessionChange, book
from scheduler.disruptions.outages import (
    Remedies,
    Remedy,
    apply_remedies,
    mark,
    sessions_hit,
    unmark,
)
from scheduler.members import Outage, OutageId
from scheduler.model import (
    Kind,
    Placement,
    Plan,
    PlanId,
    PlanState,
    Proposal,
    ProposalState,
    Session,
)
from scheduler.placing import booking_of
from scheduler.planning import publish
from scheduler.store import Stored, Transaction
from tests.builders import an_outage
from tests.scheduler.allocation.terms import a_request, a_request_site
from tests.scheduler.desk import a_booking, a_wish, weekly
from tests.scheduler.feeds.happenings import TIMES, Happenings, UseCase


@dataclass(frozen=True)
class Mishaps(Happenings):
    """What could happen now between several schools, with whatever `chance` chooses."""

    def use_case(self, verb: str) -> UseCase | None:
        """What `verb` comes to; None where there is nothing that it could happen to."""
        if verb in _ANY_TIME:
            return _ANY_TIME[verb](self)
        if verb in _OF_ONE:
            to_come = self.to_come()
            return _OF_ONE[verb](self, self.chance.choice(to_come)) if to_come else None
        return super().use_case(verb)

    def break_down(self, session: Session) -> UseCase:
        """A room goes out of use for three hours around the session."""
        site = self.chance.choice(session.sites)
        name = OutageId(f"o{self.chance.randrange(10_000)}")
        outage = an_outage(session.slot.padded(60), id=name, room=site.room)
        return lambda transaction: mark(transaction, outage, revision=None)

    def remedy(self) -> UseCase:
        """Whatever an outage hits goes to the first place that is found for it."""

        async def act(transaction: Transaction) -> None:
            for stored in await transaction.list(Outage):
                outage = stored.record.id
                hit, judge = await sessions_hit(transaction, outage, after="", limit=100)
                remedies = tuple(
                    Remedy(
                        session=each.session.id,
                        revision=each.session.revision,
                        slot=each.replacements[0].slot,
                        sites=each.replacements[0].sites,
                        link_pool=each.replacements[0].link_pool,
                    )
                    for each in judge(hit)
                    if each.replacements
                )
                if remedies:
                    await apply_remedies(transaction, outage, Remedies(remedies=remedies))

        return act

    def mend(self) -> UseCase:
        async def act(transaction: Transaction) -> None:
            outages: list[Stored[Outage]] = [*await transaction.list(Outage)]
            if outages:
                first = self.chance.choice(outages)
                await unmark(transaction, Outage, first.record.id, revision=first.revision)

        return act

    def propose(self, session: Session) -> UseCase:
        """A school would rather have it at another time; of a hold that is a counter-proposal."""
        wish = SessionChange(slot=self.slot(), reason="班会")
        return lambda transaction: propose_move(transaction, session.id, wish, session.revision)

    def agree(self) -> UseCase:
        """Everybody who is asked agrees."""

        async def act(transaction: Transaction) -> None:
            proposal = await self._proposal(transaction)
            for school in proposal.asked if proposal else ():
                assert proposal is not None
                proposal = await answer_proposal(
                    transaction, proposal.id, school, proposal.revision, agrees=True
                )

        return act

    def refuse(self) -> UseCase:
        async def act(transaction: Transaction) -> None:
            if proposal := await self._proposal(transaction):
                school = self.chance.choice(proposal.places[0].after.sites).school
                await answer_proposal(
                    transaction,
                    proposal.id,
                    school,
                    proposal.revision,
                    agrees=False,
                    reason="没有教室",
                )

        return act

    def withdraw(self) -> UseCase:
        async def act(transaction: Transaction) -> None:
            if proposal := await self._proposal(transaction):
                await withdraw_proposal(transaction, proposal.id, proposal.revision)

        return act

    def meet(self) -> UseCase:
        """Joint research, which comes after every lesson."""
        sites = tuple(replace(each, class_groups=()) for each in self.sites())
        wish = a_booking(title="教研", kind=Kind.JOINT_RESEARCH, slot=self.slot(), sites=sites)
        return lambda transaction: book(transaction, wish)

    def displace(self, session: Session) -> UseCase:
        """A lesson takes the place of a meeting, which goes to another time."""
        meetings = [each for each in self.to_come() if each.kind is Kind.JOINT_RESEARCH]
        displaced = self.chance.choice(meetings or [session])
        sites = tuple(
            replace(each, class_groups=a_wish(each.school).class_groups)
            for each in booking_of(displaced).sites
        )
        lesson = a_booking(title="公开课", min_minutes=10, slot=displaced.slot, sites=sites)
        place = NewPlace(session=displaced.id, revision=displaced.revision, slot=self.slot())
        wish = BumpWish(booking=lesson, displaced=(place,), reason="评估课")
        return lambda transaction: bump(transaction, wish)

    def publish_plan(self) -> UseCase:
        """The solver's place for one request, in weeks 2 to 4, or none if rules forbid it now."""
        name, sites = f"{self.chance.randrange(10_000)}", self.sites()
        asked = [a_request_site(each.school, each.role, agreed=True) for each in sites]
        request = a_request(f"r{name}", *asked)
        placement = Placement(
            request=request.id,
            weekly=weekly(self.chance.randint(1, 5), self.chance.choice(TIMES), request.weeks),
            sites=sites,
            dates=(),
        )
        plan = Plan(
            id=PlanId(f"p{name}"),
            term=request.term,
            state=PlanState.READY,
            placements=(placement,),
            created_at=self.now,
        )

        async def act(transaction: Transaction) -> None:
            await transaction.put(request, revision=None)
            await transaction.add_plan(plan)
            await publish(transaction, plan.id, plan.revision)

        return act

    async def _proposal(self, transaction: Transaction) -> Proposal | None:
        """One that can still be answered."""
        found = await transaction.proposals(states=(ProposalState.OPEN,), limit=None)
        still_open = [each for each in found if each.is_open(self.now)]
        # Their ids are drawn at random, too.
        still_open.sort(key=lambda each: (each.created_at, each.places[0].after.slot))
        return self.chance.choice(still_open) if still_open else None


_ANY_TIME: Final[Mapping[str, Callable[[Mishaps], UseCase]]] = {
    "remedy": Mishaps.remedy,
    "mend": Mishaps.mend,
    "agree": Mishaps.agree,
    "refuse": Mishaps.refuse,
    "withdraw": Mishaps.withdraw,
    "publish a plan": Mishaps.publish_plan,
    "meet": Mishaps.meet,
}
_OF_ONE: Final[Mapping[str, Callable[[Mishaps, Session], UseCase]]] = {
    "break down": Mishaps.break_down,
    "propose": Mishaps.propose,
    "displace": Mishaps.displace,
}
VERBS: Final = (*_ANY_TIME, *_OF_ONE)
