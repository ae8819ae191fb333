"""The bench of bookings asks for what the example alliance asks for."""

from pathlib import Path

from bench.http_booking import address_of, imported, wishes
from scheduler.store import Store


async def test_what_says_who_leads_is_wished_for_every_week(tmp_path: Path) -> None:
    file = tmp_path / "example.db"
    await imported(file)
    store = await Store.open(address_of(file))
    try:
        found = await wishes(store, weeks=2)
    finally:
        await store.close()
    assert len(found) == 2 * 27  # 28 requests, one of them a need
