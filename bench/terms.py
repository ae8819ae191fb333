"""How long does a whole allocation take of terms larger than the example's, and where does it go?

The example alliance several times over, side by side in one: its schools, timetables and 28
requests under other ids, each copy with a link of its own. With `--booked` what was placed is
booked, and the same is asked for once more beside it.
Run: `.venv/bin/python -m bench.terms [COPIES ...]`.
"""

import argparse
import asyncio
import re
import resource
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import process_time

from bench.allocation import NOW, OFFICE
from examples.generate import FOLDER
from scheduler.allocation.allocating import allocate
from scheduler.allocation.problem import Problem
from scheduler.allocation.result import Allocation
from scheduler.allocation.seeking import Stated
from scheduler.allocation.weekly.report import Progress
from scheduler.exchange import import_files
from scheduler.model import RequestId
from scheduler.planning.loading import every_request, problem_of
from scheduler.store import Store
from tests.scheduler.allocation.terms import sessions_of

ID = re.compile(
    r"(?<![\w-])(TF1|JYS|CB|GD|HM|JS|QB|WA|lesson|research|chain|need|bridge|music-studio)(?!\w)"
)
SHARED = ("alliances.csv", "districts.csv")


def copied(copies: int) -> dict[str, bytes]:
    """The example's files with every school so many times."""
    found = {}
    for file in FOLDER.glob("*.csv"):
        heading, *rows = file.read_text(encoding="utf-8-sig").splitlines()
        times = 1 if file.name in SHARED else copies
        found[file.name] = "\n".join([heading, *_copies(rows, times)]).encode()
    return found


def _copies(rows: Sequence[str], times: int) -> Iterator[str]:
    for no in range(times):
        for row in rows:
            yield ID.sub(rf"\g<1>{no or ''}", row)


async def a_term(copies: int) -> Problem:
    """All requests of all copies, in an empty ledger."""
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(f"sqlite+aiosqlite:///{folder}/bench.sqlite")
        await store.write(
            lambda transaction: import_files(transaction, copied(copies)), actor=OFFICE, now=NOW
        )
        async with store.read(now=NOW) as transaction:
            problem = await problem_of(transaction, await every_request(transaction))
        await store.close()
    return problem


def once_more(problem: Problem, allocation: Allocation) -> Problem:
    """The same requests beside everything that they were given."""
    booked = tuple(sessions_of(problem, allocation))
    return replace(
        problem,
        situation=replace(problem.situation, sessions=booked),
        requests=tuple(
            replace(each, id=RequestId(f"{each.id}-2"), after=()) for each in problem.requests
        ),
    )


def measure(problem: Problem, seconds: float) -> Allocation:
    """Allocate, and print where the processor's time went."""
    marks = [process_time()]
    searched: list[float] = []

    def hear_of_requests(stated: Stated) -> None:
        if stated.requests == stated.of:
            marks.append(process_time())

    def hear(_: Progress, __: object) -> None:
        searched.append(process_time())

    allocation = allocate(
        problem, seconds=seconds, seed=1, on_stated=hear_of_requests, on_progress=hear
    )
    begun, stated = marks
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(problem.requests)} requests of {len(problem.books)} schools,"
        f" {len(problem.situation.sessions)} sessions booked:"
        f" placed {len(allocation.placements)}, not placed {len(allocation.unplaced)},"
        f" cost {allocation.cost}, bound {allocation.bound}\n"
        f"  processor: requests stated {stated - begun:.1f} s,"
        f" the weekly problem and its first answer {searched[0] - stated:.1f} s,"
        f" search {searched[-1] - searched[0]:.1f} s,"
        f" judgement and reasons {process_time() - searched[-1]:.1f} s; {memory:.0f} MB",
        flush=True,
    )
    return allocation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("copies", type=int, nargs="*", default=[2, 11, 22])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--booked", action="store_true", help="ask again beside what was placed")
    wish = parser.parse_args()
    for copies in wish.copies:
        problem = asyncio.run(a_term(copies))
        allocation = measure(problem, wish.seconds)
        if wish.booked:
            measure(once_more(problem, allocation), wish.seconds)


if __name__ == "__main__":
    main()
