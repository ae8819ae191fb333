"""What people are told is written down once."""

from calendars.bells import SchoolId
from tests.builders import a_notice
from tests.scheduler.store.desk import Desk


async def test_a_notice_is_told_once_for_each_key_and_comes_back_in_both_languages(
    desk: Desk,
) -> None:
    first = a_notice("n1", key="moved s1")
    await desk.write(
        lambda transaction: transaction.add_notices([first, a_notice("n2", key="moved s1")])
    )
    await desk.write(lambda transaction: transaction.add_notices([a_notice("n3", key="moved s1")]))
    await desk.write(lambda transaction: transaction.add_notices([]))
    async with desk.read() as transaction:
        assert await transaction.notices() == (first,)


async def test_notices_are_listed_by_school_from_a_cursor(desk: Desk) -> None:
    told = [a_notice("n1"), a_notice("n2", school="CB"), a_notice("n3")]
    await desk.write(lambda transaction: transaction.add_notices(told))
    async with desk.read() as transaction:
        assert await transaction.notices(school=SchoolId("JS")) == (told[0], told[2])
        assert await transaction.notices(after="n1", limit=1) == (told[1],)
