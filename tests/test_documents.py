"""What the documents tell to type is what the service takes: addresses, bodies, commands."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
import typer

from scheduler.exchange import read_files
from scheduler.http.api import ROUTES
from scheduler.http.bodies import build
from scheduler.http.faults import Fault
from scheduler.http.queries import DRY_RUN, REASON
from scheduler.http.routes import AnyRoute, NoBody
from scheduler.http.shapes import Whole, shape_of
from scheduler.records import KINDS, NAMES, references
from service import commands

ROOT: Final = Path(__file__).parents[1]
DOCUMENTS: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BESIDE_THE_API: Final = ("/healthz", "/readyz", "/metrics", "/feeds/{token}.ics")
_BLOCK: Final = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INLINE: Final = re.compile(r"`(GET|POST|PUT|PATCH|DELETE)\s+([^\s`]+)`")
_WHERE: Final = re.compile(r"(\$API|https?://[^/]+/api/v1|\$LIANKE/api/v1)(/.*)")
_COMMAND: Final = re.compile(r"(?:`|^\$ (?:[A-Z_]+=\S+ )*)lianke ([a-z][^`#\n]*)", re.MULTILINE)


@dataclass(frozen=True)
class Told:
    """One request that a document tells to send."""

    document: str
    method: str
    path: str
    query: tuple[str, ...]
    headers: frozenset[str]
    body: str | None

    @property
    def route(self) -> AnyRoute | None:
        """What serves it."""
        named = re.compile(r"\$[A-Z]+|\bID\b|\{[a-z]+\}|(?<=/outages/)mic-1")
        path = named.sub("{id}", self.path)
        return next(
            (each for each in ROUTES if (each.method, each.path) == (self.method, path)), None
        )


def curls() -> Iterator[Told]:
    for document in DOCUMENTS:
        for block in _BLOCK.findall(document.read_text(encoding="utf-8")):
            for line in re.split(r"^(?=\$? ?curl )", block, flags=re.MULTILINE):
                if line.lstrip("$ ").startswith("curl "):
                    yield from _curl(document.name, line.lstrip("$ "))


def _curl(document: str, line: str) -> Iterator[Told]:
    words = shlex.split(line.replace("\\\n", " "), comments=True)
    given: dict[str, list[str]] = {"-X": [], "-H": [], "-d": []}
    rest = iter(words[1:])
    address = ""
    for word in rest:
        if word in given:
            given[word].append(next(rest))
        elif not word.startswith("-"):
            address = word
    if found := _WHERE.match(address):
        split = urlsplit(found[2])
        yield Told(
            document=document,
            method=(given["-X"] or ["POST" if given["-d"] else "GET"])[0],
            path=split.path,
            query=tuple(name for name, _ in parse_qsl(split.query, keep_blank_values=True)),
            headers=frozenset(header.partition(":")[0] for header in given["-H"]),
            body=given["-d"][0] if given["-d"] else None,
        )


def inline() -> Iterator[Told]:
    for document in DOCUMENTS:
        for method, address in _INLINE.findall(document.read_text(encoding="utf-8")):
            path, _, query = address.removeprefix("/api/v1").partition("?")
            if path.startswith("/") and path not in BESIDE_THE_API:
                names = tuple(name for name, _ in parse_qsl(query, keep_blank_values=True))
                yield Told(document.name, method, path, names, frozenset(), None)


CURLS: Final = tuple(curls())


def parameters(route: AnyRoute) -> set[str]:
    shape = shape_of(route.query)
    assert isinstance(shape, Whole)
    always = {DRY_RUN, REASON} if route.writes else set()
    return {member.name for member in shape.members} | always


@pytest.mark.parametrize(
    "told", [*CURLS, *inline()], ids=lambda told: f"{told.document}-{told.method}-{told.path}"
)
def test_an_address_in_the_documents_is_served_and_takes_these_parameters(told: Told) -> None:
    assert told.route is not None
    assert set(told.query) <= parameters(told.route)


@pytest.mark.parametrize("told", CURLS, ids=lambda told: f"{told.document}-{told.path}")
def test_a_curl_line_brings_all_that_its_address_asks_for(told: Told) -> None:
    route = told.route
    assert route is not None
    assert "Authorization" in told.headers
    assert ("If-Match" in told.headers) == route.needs_if_match
    assert ("Content-Type" in told.headers) == (route.body is not NoBody) == (told.body is not None)


@pytest.mark.parametrize(
    "told",
    [told for told in CURLS if told.body and "…" not in told.body],
    ids=lambda told: f"{told.document}-{told.path}",
)
def test_a_body_in_the_documents_is_taken_and_names_what_the_demo_has(
    told: Told, known: set[tuple[str, str]]
) -> None:
    route, faults = told.route, list[Fault]()
    assert route is not None
    assert told.body is not None
    body: dict[str, Any] = json.loads(re.sub(r"\$[A-Z]+", "an-id", told.body))
    if route.id_may_be_left_out:
        body = {"id": "x", **body}
    wish = build(shape_of(route.body), body, "", faults)
    assert faults == []
    named = {(NAMES[each.kind], each.id) for each in references(wish)}
    assert named <= known


@pytest.fixture(scope="module")
def known() -> set[tuple[str, str]]:
    folder = ROOT / "examples" / "fourth-alliance"
    placed, _ = read_files({file.name: file.read_bytes() for file in folder.glob("*.csv")})
    assert {NAMES[type(one.record)] for one in placed} <= set(KINDS)
    return {(NAMES[type(one.record)], one.record.id) for one in placed}


def test_every_command_in_the_documents_exists_with_its_options() -> None:
    group: Any = typer.main.get_command(commands)
    told = [
        (document.name, found)
        for document in DOCUMENTS
        for found in _COMMAND.findall(document.read_text(encoding="utf-8"))
    ]
    assert len(told) > 10
    for document, line in told:
        name, *words = shlex.split(line)
        assert name in group.commands, (document, line)
        options = {name for each in group.commands[name].params for name in each.opts}
        assert {word for word in words if word.startswith("--")} <= options, (document, line)
