"""The OpenAPI 3.1 document, made from the routes that are served and the types that parse."""

from collections.abc import Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from calendars.text import Language, Text
from scheduler.errors import ReusedKeyError, SchedulerError, UnavailableError, UnknownTokenError
from scheduler.http.api import ROUTES
from scheduler.http.errors import OUR_FAULT, PROBLEM_JSON, STATUSES, Problem
from scheduler.http.faults import (
    FaultyRequestError,
    MissingIfMatchError,
    NotJsonError,
    TooLargeError,
    WrongMediaTypeError,
)
from scheduler.http.idempotency import IDEMPOTENCY_KEY
from scheduler.http.queries import DRY_RUN, REASON, Reason
from scheduler.http.routes import API, JSON, AnyRoute, NoBody
from scheduler.http.schemas import Schema, Schemas
from scheduler.http.shapes import Whole, shape_of

_INTRODUCTION: Final = Text(
    "联课：跨校互动教室的排课与预约。写操作都接受 Idempotency-Key 与 dry_run；修改须带 If-Match。"
    "错误为 RFC 9457 问题文档。时间带时区偏移（RFC 3339）。",
    "Lianke: interactive classrooms shared by schools. Every write takes Idempotency-Key and "
    "dry_run; changes need If-Match. Errors are RFC 9457 problem documents. Times carry an offset "
    "(RFC 3339).",
)


@cache
def document(language: Language) -> Schema:
    """The whole document with its sentences in `language`."""
    schemas = Schemas()
    paths: dict[str, Schema] = {}
    for route in ROUTES:
        paths.setdefault(API + route.path, {})[route.method.lower()] = _operation(
            route, schemas, language
        )
    schemas.of(Problem)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": Text("联课 API", "Lianke API").read_in(language),
            "version": "1",
            "description": _INTRODUCTION.read_in(language),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": name} for name in _tags(language)],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": _refusals(language),
            "headers": _headers(language),
        },
    }


def _tags(language: Language) -> list[str]:
    return list(dict.fromkeys(route.tag.read_in(language) for route in ROUTES))


def _operation(route: AnyRoute, schemas: Schemas, language: Language) -> Schema:
    operation: Schema = {
        "operationId": _operation_id(route),
        "tags": [route.tag.read_in(language)],
        "summary": route.summary.read_in(language),
        "parameters": _parameters(route, schemas, language),
        "responses": _responses(route, schemas, language),
    }
    if route.body is not NoBody:
        shape = schemas.without_id if route.id_may_be_left_out else schemas.of
        operation["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": shape(route.body)}},
        }
    return operation


def _operation_id(route: AnyRoute) -> str:
    words = route.path.replace("{id}", "one").replace("-", "_").strip("/").split("/")
    return "_".join((route.method.lower(), *words))


def _parameters(route: AnyRoute, schemas: Schemas, language: Language) -> list[Schema]:
    found: list[Schema] = []
    if route.names_one:
        identifier = {"type": "string", "minLength": 1, "maxLength": 64}
        found.append({"name": "id", "in": "path", "required": True, "schema": identifier})
    query = shape_of(route.query)
    assert isinstance(query, Whole)  # noqa: S101 - queries are dataclasses, by the registry's types
    found += [
        {
            "name": member.name,
            "in": "query",
            "required": member.is_required,
            "explode": False,
            "schema": schemas.of_parameter(member),
        }
        for member in query.members
    ]
    found += [
        {
            "name": name,
            "in": place,
            "required": name == "If-Match",
            "schema": schema,
            "description": words.read_in(language),
        }
        for name, place, schema, words in _everywhere(route, schemas)
    ]
    return found


def _everywhere(route: AnyRoute, schemas: Schemas) -> list[tuple[str, str, Schema, Text]]:
    language = (
        "Accept-Language",
        "header",
        {"type": "string", "examples": ["zh-CN", "en"]},
        Text("回答的语言：zh-CN（默认）或 en。", "The answer's language: zh-CN (default) or en."),
    )
    if not route.writes:
        return [language]
    key = (
        IDEMPOTENCY_KEY,
        "header",
        {"type": "string", "pattern": "^[!-~]{1,200}$"},
        Text(
            "同一个键和同样的内容只执行一次，得到同样的回答。",
            "The same key and body are done once and answered alike.",
        ),
    )
    dry_run = (
        DRY_RUN,
        "query",
        {"type": "boolean", "default": False},
        Text("只回答会怎样，什么也不保存。", "Answer what would be and store nothing."),
    )
    reason = (
        REASON,
        "query",
        {**schemas.of(Reason), "default": ""},
        Text("为什么这样改，记入操作日志。", "Why it is done: kept in the audit."),
    )
    if_match = (
        "If-Match",
        "header",
        {"type": "string", "examples": ['"3"']},
        Text("读取该对象时得到的 ETag，或 *。", "The ETag of what you have read, or *."),
    )
    return [dry_run, reason, key, *([if_match] if route.needs_if_match else []), language]


def _is_ok(route: AnyRoute) -> bool:
    """Whether it is answered with 200, as a dry run is."""
    return route.status is HTTPStatus.OK


def _content(route: AnyRoute, schemas: Schemas, *answers: object) -> Schema:
    """What is answered: one of these. A file is a text to JSON Schema."""
    told = [{"type": "string"} if each is bytes else schemas.of(each) for each in answers]
    return {route.media_type: {"schema": {"anyOf": told} if len(told) > 1 else told[0]}}


def _responses(route: AnyRoute, schemas: Schemas, language: Language) -> Schema:
    success: Schema = {
        "description": route.summary.read_in(language),
        "headers": _named_headers(route),
    }
    if route.answer is not None:
        success["content"] = _content(route, schemas, route.answer)
    responses = {str(int(route.status)): success}
    if route.writes and route.answer is not None and (route.foreseen or not _is_ok(route)):
        would_be = Text("试运行：会得到的结果，未保存。", "A dry run: what would be; not stored.")
        answers = (
            (route.answer, route.foreseen) if _is_ok(route) else (route.foreseen or route.answer,)
        )
        dry_run = _content(route, schemas, *answers)
        words = f"{success['description']} " if _is_ok(route) else ""
        described = {"description": words + would_be.read_in(language), "content": dry_run}
        responses["200"] = {**success, **described}
    if not route.writes:
        kept = Text("与 If-None-Match 所列一致。", "If-None-Match names this state already.")
        responses["304"] = {"description": kept.read_in(language)}
    for error in errors_of(route):
        name = STATUSES[error].status.name.lower()
        responses[str(int(STATUSES[error].status))] = {"$ref": f"#/components/responses/{name}"}
    responses["500"] = {"$ref": f"#/components/responses/{OUR_FAULT.status.name.lower()}"}
    return dict(sorted(responses.items()))


_OF_A_WRITE: Final = (NotJsonError, TooLargeError, WrongMediaTypeError, ReusedKeyError)


def errors_of(route: AnyRoute) -> tuple[type[SchedulerError], ...]:
    """Everything the route may refuse with."""
    return (
        UnknownTokenError,
        FaultyRequestError,
        *(_OF_A_WRITE if route.writes else ()),
        *((MissingIfMatchError,) if route.needs_if_match else ()),
        *route.errors,
        UnavailableError,
    )


def _named_headers(route: AnyRoute) -> Schema:
    names = ["X-Request-ID"]
    names += ["ETag"] if _has_revision(route) else []
    names += ["Location"] if route.makes_something else []
    names += ["Dry-Run"] if route.writes else []
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _has_revision(route: AnyRoute) -> bool:
    shape = shape_of(route.answer) if route.answer is not None else None
    named = isinstance(shape, Whole) and any(each.name == "revision" for each in shape.members)
    return named or route.id_may_be_left_out


def _refusals(language: Language) -> Schema:
    by_status: dict[HTTPStatus, list[Any]] = {}
    for sort in (*STATUSES.values(), OUR_FAULT):
        by_status.setdefault(sort.status, []).append(sort)
    return {
        status.name.lower(): {
            "description": " / ".join(
                f"{sort.title.read_in(language)} ({sort.type})" for sort in sorts
            ),
            "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, sorts in by_status.items()
    }


def _headers(language: Language) -> Schema:
    words = {
        "ETag": Text("该对象的版本，供 If-Match 使用。", "Its revision, for If-Match."),
        "Location": Text("新对象的地址。", "The address of what was made."),
        "Dry-Run": Text("true：什么也没有保存。", "true: nothing was stored."),
        "X-Request-ID": Text("本次请求的编号，日志中可查。", "This request's id, as logged."),
    }
    return {
        name: {"description": text.read_in(language), "schema": {"type": "string"}}
        for name, text in words.items()
    }


def operations_of(document: Schema) -> Sequence[tuple[str, str, Schema]]:
    """Method, address and operation of everything the document describes."""
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
