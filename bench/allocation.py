"""How long does the example alliance's term take to allocate, and is every request placed?"""

import asyncio
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from examples.generate import FOLDER
from scheduler.allocation.allocating import allocate
from scheduler.allocation.problem import Problem
from scheduler.allocation.result import Allocation
from scheduler.allocation.weekly.report import Progress
from scheduler.exchange import import_files
from scheduler.model import Actor, ActorRole
from scheduler.planning.loading import every_request, problem_of
from scheduler.store import Store

NOW = datetime(2026, 8, 24, tzinfo=UTC)
OFFICE = Actor(name="bench", role=ActorRole.ALLIANCE_ADMIN)
ENOUGH_SECONDS = 30


async def example_term() -> Problem:
    """The example's requests, in an empty ledger."""
    files = {file.name: file.read_bytes() for file in FOLDER.glob("*.csv")}
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(f"sqlite+aiosqlite:///{folder}/bench.sqlite")
        await store.write(
            lambda transaction: import_files(transaction, files), actor=OFFICE, now=NOW
        )
        async with store.read(now=NOW) as transaction:
            problem = await problem_of(transaction, await every_request(transaction))
        await store.close()
    return problem


def tell(progress: Progress, _: object) -> None:
    print(
        f"  {progress.seconds:5.1f} s  {progress.placed} placed, cost {progress.cost}, "
        f"bound {progress.bound}"
    )


def show(allocation: Allocation, seconds: float) -> None:
    charged: Counter[str] = Counter()
    for placement in allocation.placements:
        for cost in placement.costs:
            charged[cost.preference.value] += cost.points
    print(f"placed {len(allocation.placements)}, not placed {len(allocation.unplaced)}")
    print(f"cost {allocation.cost}, bound {allocation.bound}: {dict(charged.most_common())}")
    print(f"{seconds:.1f} s in all (the bar: {ENOUGH_SECONDS} s)")


def main() -> int:
    problem = asyncio.run(example_term())
    print(f"{len(problem.requests)} requests of {len(problem.books)} schools")
    begun = perf_counter()
    allocation = allocate(problem, seconds=ENOUGH_SECONDS, seed=1, on_progress=tell)
    seconds = perf_counter() - begun
    show(allocation, seconds)
    return 0 if not allocation.unplaced and seconds < ENOUGH_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
