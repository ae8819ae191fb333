"""The example's term is placed whole: weekly lessons, a research chain and a need."""

from bench.allocation import example_term
from scheduler.allocation.allocating import allocate


async def test_every_request_of_the_example_has_a_place() -> None:
    problem = await example_term()
    allocation = allocate(problem, seconds=60, seed=1)
    placed = {str(each.request): each for each in allocation.placements}
    assert (len(problem.requests), allocation.unplaced) == (28, ())
    assert sorted(placed) == sorted(each.id for each in problem.requests)
    assert allocation.cost == allocation.bound
    assert placed["need-1"].offer == "JS-music"
    prepared, taught, reviewed = (
        placed[f"chain-1-{part}"].dates for part in ("prep", "lesson", "review")
    )
    days = [
        ((later - on).days, (after - later).days)
        for on, later, after in zip(prepared, taught, reviewed, strict=True)
    ]
    assert all(2 <= before <= 7 and 0 <= after <= 3 for before, after in days)
