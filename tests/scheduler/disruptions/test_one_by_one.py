"""Of many wishes in one transaction, what is refused leaves nothing behind and blocks no other."""

from scheduler.booking.single import book
from scheduler.disruptions.one_by_one import Remedied, attempt
from scheduler.errors import StateError
from scheduler.model import Session, SessionId
from scheduler.store import Transaction
from tests.builders import at
from tests.scheduler.desk import Desk, a_booking


async def test_what_is_refused_after_it_was_written_is_undone_alone(each_desk: Desk) -> None:
    async def refused(transaction: Transaction) -> Session:
        await book(transaction, a_booking())
        raise StateError("太晚", "Too late.")

    async def both(transaction: Transaction) -> tuple[Remedied, Remedied]:
        return (
            await attempt(transaction, SessionId("a"), lambda: refused(transaction)),
            await attempt(
                transaction, SessionId("b"), lambda: book(transaction, a_booking(slot=at("16:10")))
            ),
        )

    lost, won = await each_desk.do(both)
    assert (lost.session, lost.refusal and lost.refusal.en) == (None, "Too late.")
    assert await each_desk.read(Transaction.sessions) == (won.session,)
