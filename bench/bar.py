"""The bar that allocation is measured by, row by row, and how its answers improve over time.

`python -m bench.bar FOLDER [--plot FILE.svg] [--slower N]`: FOLDER holds instances of the jcs-1
format and their checker, `check.py`, which alone judges the solutions. On a machine that others use
too, `--slower 4` gives four times the seconds; compare processor times then.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from bench.plot import Curve, svg_of
from bench.thirteen import instance_of

Json = dict[str, Any]

PROGRESS: Final = re.compile(r"([\d.]+) s  unplaced (\d+)  incumbent (\d+)  bound (\w+)")
LAST: Final = re.compile(r"bound (\w+).*?([\d.]+) s, ([\d.]+) s of CPU, (\d+) MB")


@dataclass(frozen=True, slots=True)
class Row:
    """An instance, the seconds it gets, and what the bar asks for in words."""

    instance: str
    seconds: int
    bar: str


ROWS: Final = (
    Row("S-loose", 30, "proven within 3 s"),
    Row("S-tight", 30, "proven within 3 s"),
    Row("M-loose", 30, "proven within 5 s"),
    Row("M-tight", 60, "nothing unplaced, within 3 % of the bound in 60 s"),
    Row("L-loose", 60, "proven within 60 s"),
    Row("L-tight", 120, "nothing unplaced, better than 4,580 in 120 s"),
    Row("thirteen", 30, "any start: 6 % above the bound at most in 30 s"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run came to; `violations` and `unplaced` are the checker's words.

    `wall` begins with the reading of the instance, when OR-Tools is loaded as it is in a service;
    `process` counts the start of Python and all imports too.
    """

    curve: Curve
    cost: int
    bound: str
    violations: int
    unplaced: int
    wall: float
    process: float
    processor: float
    memory: int
    told: str
    """What a repair says of itself."""


def measure(instance: Path, out: Path, checker: Path, seconds: float, *options: str) -> Measured:
    """Run the bench of the format in a process of its own and put its solution to the checker."""
    begun = perf_counter()
    told = _run(
        "-m", "bench.jcs", str(instance), "--seconds", f"{seconds}", "--out", str(out), *options
    ).splitlines()
    process = perf_counter() - begun
    judged = json.loads(_run(str(checker), str(instance), str(out)))
    steps = [match.groups() for line in told if (match := PROGRESS.search(line))]
    last = LAST.search(told[-1])
    if last is None:
        raise ValueError(f"Not the last line of a run: {told[-1]}")
    return Measured(
        curve=Curve(
            name=instance.stem,
            costs=tuple((float(at), int(cost)) for at, left, cost, _ in steps if left == "0"),
            bounds=tuple((float(at), int(bound)) for at, _, _, bound in steps if bound.isdigit()),
        ),
        cost=judged["soft"],
        bound=last[1],
        violations=judged["hard"],
        unplaced=judged["unplaced"],
        wall=float(last[2]),
        process=process,
        processor=float(last[3]),
        memory=int(last[4]),
        told=next((line for line in told if line.startswith("moved")), ""),
    )


def _run(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own scripts and the checker that was named
        (sys.executable, *arguments), capture_output=True, text=True, check=False
    )
    if not done.stdout:
        raise RuntimeError(done.stderr)
    return done.stdout


def line_of(what: str, bar: str, run: Measured) -> str:
    figures = (
        f"{run.cost:,}",
        run.bound,
        f"{run.unplaced}",
        f"{run.wall:.1f} s",
        f"{run.process:.1f} s",
        f"{run.processor:.1f} s",
        f"{run.memory} MB",
    )
    faults = "" if not run.violations else f" {run.violations} VIOLATIONS"
    return f"| {what} | {bar} | {' | '.join(figures)} |{faults}"


def without_a_room(instance: Path, solution: Path) -> Json:
    """The instance with its solution published, and the first school's first room gone."""
    found: Json = json.loads(instance.read_bytes())
    found["published"] = json.loads(solution.read_bytes())
    del found["schools"][0]["rooms"][0]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--plot", type=Path, help="where the curves of the tight sets go, as SVG")
    parser.add_argument("--slower", type=float, default=1.0)
    wish = parser.parse_args()
    checker = wish.folder / "check.py"
    curves = []
    print("| set | bar | cost | bound | unplaced | wall | with imports | processor | memory |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        mine = Path(temporary)
        (mine / "thirteen.json").write_text(json.dumps(instance_of(seed=1)))
        for row in ROWS:
            instance = wish.folder / f"{row.instance}.json"
            instance = instance if instance.exists() else mine / instance.name
            out = mine / f"solution-{row.instance}"
            run = measure(instance, out, checker, row.seconds * wish.slower)
            print(line_of(row.instance, row.bar, run), flush=True)
            if row.instance.endswith("tight"):
                curves.append(run.curve)
        broken = mine / "broken.json"
        medium = wish.folder / "M-loose.json"
        broken.write_text(json.dumps(without_a_room(medium, mine / "solution-M-loose")))
        run = measure(broken, mine / "repaired", checker, 20, "--published")
        print(line_of("M-loose, a room gone", "the fewest moves, proven, within 1 s", run))
        print(f"Its repair: {run.told}.")
    print(_run("-m", "bench.one_request", str(wish.folder / "L-tight.json")))
    if wish.plot is not None:
        wish.plot.write_text(svg_of(curves))
    return 0


if __name__ == "__main__":
    sys.exit(main())
