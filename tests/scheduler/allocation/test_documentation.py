"""What docs/allocation.md says of weights and constraints is what the code does."""

import re
from pathlib import Path

from scheduler.allocation.weekly.constraints import CONSTRAINTS
from scheduler.allocation.weights import WEIGHTS

PAGE = (Path(__file__).parents[3] / "docs" / "allocation.md").read_text()


def test_the_table_of_weights_is_the_one_in_use() -> None:
    rows = re.findall(r"^\| (wish|soft|fair|S\d+) \| (\d+) \|", PAGE, re.MULTILINE)
    assert {name: int(points) for name, points in rows} == WEIGHTS


def test_every_constraint_is_told() -> None:
    flat = " ".join(PAGE.split())
    rules = [
        " ".join((constraint.__doc__ or "").split("\n\n")[0].split()) for constraint in CONSTRAINTS
    ]
    assert [rule for rule in rules if rule.rstrip(".") not in flat] == []
