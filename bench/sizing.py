"""What does a province take: how soon is it served, in how much memory, on how much disk?

850 schools with two rooms, four teachers and four classes each, in SQLite: a service in a process
of its own until it serves, and its memory then; the memory that the books of the example's schools
take, timetables included; and what bookings with their audit and notices leave on the disk.
Run: `.venv/bin/python -m bench.sizing`.
"""

import asyncio
import tempfile
import tracemalloc
from functools import partial
from itertools import islice
from pathlib import Path

from bench import ledgers
from bench.http_booking import address_of, imported, processor_seconds, serving
from scheduler.booking.single import book
from scheduler.store import Store
from tests.builders import NOW
from tests.scheduler.desk import OFFICE, records_of
from tests.services import settle

SCHOOLS = 850
BOOKINGS = 500


def memory_of(process: int) -> float:
    """Megabytes that a process of Linux holds."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    (held,) = (line.split()[1] for line in lines if line.startswith("VmRSS"))
    return int(held) / 1024


async def serve_province(folder: Path) -> None:
    """From nothing until all schools are known."""
    file = folder / "province.db"
    schools = [ledgers.a_school(f"P{no:03}") for no in range(SCHOOLS)]
    records = records_of(*schools)
    token = (await settle(address_of(file), records, {"office": OFFICE}))["office"]
    print(f"{SCHOOLS} schools: {file.stat().st_size / 1e6:.0f} MB on the disk")
    async with serving(file, token) as (_, server):
        busy, held = processor_seconds(server), memory_of(server)
        print(f"serves them with {busy:.1f} s of the processor, in {held:.0f} MB")


async def know_schools(folder: Path) -> None:
    """What it takes to know the schools of the example, with all their timetables."""
    file = folder / "example.db"
    await imported(file)
    store = await Store.open(address_of(file))
    tracemalloc.start()
    async with store.read(now=NOW) as transaction:
        books = await transaction.books()
    held = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    print(f"the books of {len(books)} schools of the example: {held:.1f} MB")
    await store.close()


async def fill_disk(folder: Path) -> None:
    """What a session takes with all that is written about it."""
    file = folder / "ledger.db"
    await settle(address_of(file), ledgers.records(), {"office": OFFICE})
    before = file.stat().st_size
    store = await Store.open(address_of(file))
    for wish in islice(ledgers.free_places(), BOOKINGS):
        await store.write(partial(book, booking=wish), actor=OFFICE, now=NOW)
    await store.close()
    each = (file.stat().st_size - before) / BOOKINGS
    print(f"10,000 sessions: {each * 10_000 / 1e6:.0f} MB on the disk, {each / 1000:.1f} kB each")


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="lianke-bench-") as name:
        await fill_disk(Path(name))
        await serve_province(Path(name))
        await know_schools(Path(name))


if __name__ == "__main__":
    asyncio.run(main())
