"""The document says exactly what is served, and the page says what the document says."""

import re
from dataclasses import MISSING, fields, make_dataclass
from html.parser import HTMLParser
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from jsonschema_rs import Draft202012Validator, meta

from calendars.text import LANGUAGES, Language
from scheduler.http.api import ROUTES
from scheduler.http.docs_page import render_page
from scheduler.http.errors import STATUSES
from scheduler.http.openapi import document, errors_of, operations_of
from scheduler.http.routes import API, JSON
from scheduler.http.schemas import Schemas
from scheduler.records import KINDS
from tests.scheduler.http.conftest import As

Client = TestClient[Any, Any]


def served(client: Client) -> set[tuple[str, str]]:
    return {
        (route.method, route.resource.canonical)
        for route in client.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith(API)
    }


async def test_what_is_served_is_documented_and_nothing_else(client: Client) -> None:
    described = {(method, path) for method, path, _ in operations_of(document("en"))}
    pages = {("GET", f"{API}/openapi.json"), ("GET", f"{API}/docs")}
    assert {each for each in served(client) if each[0] != "HEAD"} == described | pages


def test_every_resource_of_the_contract_is_there() -> None:
    resources = "sessions series windows availability subscriptions imports notices audit me"
    found = {route.path.split("/")[1] for route in ROUTES}
    assert found >= {*resources.split(), *KINDS}


def test_every_refusal_is_documented() -> None:
    described = {(method, path): each for method, path, each in operations_of(document("en"))}
    for route in ROUTES:
        responses = described[route.method, API + route.path]["responses"]
        assert str(int(route.status)) in responses
        assert {str(int(STATUSES[error].status)) for error in errors_of(route)} <= set(responses)


def test_writes_take_keys_and_dry_runs_and_changes_need_tags() -> None:
    for method, path, operation in operations_of(document("en")):
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert ({"Idempotency-Key", "dry_run"} <= names) == (method != "GET")
        if method in {"PUT", "PATCH"}:
            assert "If-Match" in names, path


def test_two_types_of_one_name_are_never_taken_for_each_other() -> None:
    schemas = Schemas()
    schemas.of(make_dataclass("Import", [("files", str)]))
    with pytest.raises(ValueError, match="both name a type Import"):
        schemas.of(make_dataclass("Import", [("state", str)]))


def test_files_to_import_are_documented_as_such() -> None:
    described = {(method, path): each for method, path, each in operations_of(document("en"))}
    body = described["POST", f"{API}/imports"]["requestBody"]["content"][JSON]["schema"]
    whole = document("en")["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    assert set(whole["properties"]) == {"files"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_schema_is_one_and_every_reference_leads_somewhere(language: Language) -> None:
    whole = document(language)
    for schema in whole["components"]["schemas"].values():
        meta.validate(schema)
    names = {(group, name) for group, parts in whole["components"].items() for name in parts}
    found = set(re.findall(r"#/components/(\w+)/(\w[\w-]*)", repr(whole)))
    assert found <= names


def test_every_summary_is_in_both_languages_and_every_operation_has_its_own_id() -> None:
    ids = [operation["operationId"] for _, _, operation in operations_of(document("en"))]
    assert len(set(ids)) == len(ids)
    for route in ROUTES:
        assert re.search("[一-鿿]", route.summary.zh)
        assert not re.search("[一-鿿]", route.summary.en)


async def test_answers_are_as_described(as_: As, booking: dict[str, Any]) -> None:
    office = as_("office")
    components = document("en")["components"]
    await office("POST", "/sessions", json=booking)
    clash = await office("POST", "/sessions", json=booking)
    problem = {"$ref": "#/components/schemas/Problem", "components": components}
    Draft202012Validator(problem).validate(await clash.json())
    for route in ROUTES:
        asks_for_nothing = all(member.default is not MISSING for member in fields(route.query))
        if route.method == "GET" and not route.names_one and asks_for_nothing:
            name = document("en")["paths"][API + route.path]["get"]["responses"]["200"]
            schema = name["content"][route.media_type]["schema"] | {"components": components}
            answer = await office("GET", route.path)
            assert (answer.status, answer.content_type) == (200, route.media_type)
            value = await (answer.json() if route.media_type == JSON else answer.text())
            Draft202012Validator(schema).validate(value)


async def test_the_document_and_the_page_follow_the_reader(client: Client) -> None:
    for language, title in (("zh-CN", "联课 API"), ("en", "Lianke API")):
        headers = {"Accept-Language": language}
        read = await (await client.get(f"{API}/openapi.json", headers=headers)).json()
        page = await client.get(f"{API}/docs", headers=headers)
        assert (read["openapi"], read["info"]["title"]) == ("3.1.0", title)
        assert page.headers["Content-Language"] == language
        assert f'lang="{language}"' in await page.text()


class Outline(HTMLParser):
    """What a page is made of, as far as a screen reader cares."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in {"meta", "br", "link"}:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
            if name == "src":
                self.sources.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_and_needs_nothing_from_elsewhere(language: Language) -> None:
    page = render_page(document(language), language, "https://lianke.example")
    assert "https://lianke.example/api/v1/schools" in page
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    assert outline.sources == []
    assert {"script", "link", "img", "iframe"}.isdisjoint(outline.tags)
    assert {"main", "nav", "header", "footer", "h1"} <= set(outline.tags)
    assert outline.tags.count("h1") == 1
    assert len(set(outline.ids)) == len(outline.ids)
    assert {link.removeprefix("#") for link in outline.links if link[0] == "#"} <= set(outline.ids)
    assert outline.links[0] == "#main"
    for route in ROUTES:
        assert route.summary.read_in(language).replace("&", "&amp;") in page
        assert f"{route.method} {API}{route.path}" in page
    for sort in STATUSES.values():
        assert f'id="problem-{sort.name}"' in page


async def test_the_bare_address_leads_to_the_page(client: Client) -> None:
    answer = await client.get("/", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (302, "/api/v1/docs")


async def test_the_type_of_a_problem_leads_to_its_line(client: Client) -> None:
    for sort in STATUSES.values():
        answer = await client.get(sort.type, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (
            302,
            f"{API}/docs#problem-{sort.name}",
        )
    assert (await client.get("/problems/none", allow_redirects=False)).status == 404
