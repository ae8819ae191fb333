"""Records are stored whole, by revision, and never name what does not exist."""

from scheduler.members import School
from scheduler.store import Store
from tests.builders import NOW


async def test_an_empty_store_has_no_schools(store: Store) -> None:
    async with store.read(now=NOW) as transaction:
        assert await transaction.list(School) == ()
