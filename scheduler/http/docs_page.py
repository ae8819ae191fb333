"""The API's page for people: plain HTML from the same document that programs read."""

from html import escape
from typing import Any, Final

from calendars.text import Language, Text
from scheduler.http.errors import OUR_FAULT, STATUSES
from scheduler.http.openapi import operations_of
from scheduler.http.schemas import COMPONENTS, Schema

STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.6 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  max-width: 62rem; margin: 0 auto; padding: 0 1rem 4rem; color: #1a1a1a; background: #fff; }
a { color: #0b57a4; } a:focus-visible, summary:focus-visible { outline: 3px solid #b45309; }
.skip { position: absolute; left: -999px; } .skip:focus { left: 1rem; top: 1rem; }
code { background: #eef1f4; padding: .1em .3em; border-radius: 3px; overflow-wrap: anywhere; }
pre { background: #eef1f4; padding: .8rem; overflow-x: auto; } pre code { padding: 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; border-bottom: 1px solid #d0d5da; padding: .3rem; }
article { border-top: 1px solid #d0d5da; padding-bottom: 1rem; overflow-x: auto; }
nav ul { columns: 3 12rem; }
summary { cursor: pointer; }
@media (prefers-color-scheme: dark) {
  body { color: #e8e8e8; background: #16181b; } a { color: #8ec5ff; }
  code, pre { background: #262a2f; } th, td, article { border-color: #444b52; } }
"""
_SKIP: Final = Text("跳到正文", "Skip to the content")
_CONTENTS: Final = Text("目录", "Contents")
_PARAMETERS: Final = Text("参数", "Parameters")
_BODY: Final = Text("请求正文", "Body")
_ANSWERS: Final = Text("回答", "Answers")
_SHAPES: Final = Text("数据结构", "Shapes")
_PROBLEMS: Final = Text("错误", "Problems")
_START: Final = Text("开始", "Getting started")
_REQUIRED: Final = Text("必填", "required")
_COLUMNS: Final = (Text("名称", "Name"), Text("类型", "Type"), Text("说明", "Meaning"))
_FIRST_STEPS: Final = Text(
    "用令牌读取：把 $TOKEN 换成您的令牌。", "Read with your token in place of $TOKEN."
)


def render_page(document: Schema, language: Language, address: str) -> str:
    """The whole document as one page that needs nothing from elsewhere.

    `address` is where readers reach the service, for the example that they copy.
    """
    title = escape(document["info"]["title"])
    groups = [tag["name"] for tag in document["tags"]]
    return "".join(
        (
            f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{STYLE}</style></head><body>",
            f'<a class="skip" href="#main">{_SKIP.read_in(language)}</a>',
            f"<header><h1>{title}</h1><p>{escape(document['info']['description'])}</p></header>",
            _contents(groups, language),
            '<main id="main">',
            _first_steps(language, address),
            *(_group(no, name, document, language) for no, name in enumerate(groups)),
            _problems(language),
            _shapes(document, language),
            '</main><footer><p><a href="/api/v1/openapi.json">OpenAPI 3.1 (JSON)</a></p></footer>',
            "</body></html>",
        )
    )


def _contents(groups: list[str], language: Language) -> str:
    links = [
        *((f"group-{no}", name) for no, name in enumerate(groups)),
        ("problems", _PROBLEMS.read_in(language)),
        ("shapes", _SHAPES.read_in(language)),
    ]
    entries = "".join(f'<li><a href="#{anchor}">{escape(name)}</a></li>' for anchor, name in links)
    heading = _CONTENTS.read_in(language)
    return f'<nav aria-label="{heading}"><h2>{heading}</h2><ul>{entries}</ul></nav>'


def _first_steps(language: Language, address: str) -> str:
    example = (
        'curl -H "Authorization: Bearer $TOKEN" -H "Accept-Language: '
        f'{language}" \\\n  {address}/api/v1/schools'
    )
    return (
        f"<section><h2>{_START.read_in(language)}</h2><p>{_FIRST_STEPS.read_in(language)}</p>"
        f'<pre tabindex="0"><code>{escape(example)}</code></pre></section>'
    )


def _group(no: int, name: str, document: Schema, language: Language) -> str:
    operations = "".join(
        _operation(method, path, operation, language)
        for method, path, operation in operations_of(document)
        if name in operation["tags"]
    )
    return (
        f'<section id="group-{no}" aria-labelledby="group-{no}-name">'
        f'<h2 id="group-{no}-name">{escape(name)}</h2>{operations}</section>'
    )


def _operation(method: str, path: str, operation: Schema, language: Language) -> str:
    parts = [
        f'<article id="{operation["operationId"]}"><h3><code>{method} {escape(path)}</code></h3>',
        f"<p>{escape(operation['summary'])}</p>",
    ]
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        parts.append(f"<p>{_BODY.read_in(language)}: {_type_of(schema)}</p>")
    rows = [
        (parameter["name"], _type_of(parameter["schema"]), _meaning(parameter, language))
        for parameter in operation["parameters"]
    ]
    parts.append(_folded(_PARAMETERS.read_in(language), _table(rows, language)))
    answers = "".join(
        f"<li><code>{status}</code> {_answer(answer)}</li>"
        for status, answer in operation["responses"].items()
    )
    parts.append(_folded(_ANSWERS.read_in(language), f"<ul>{answers}</ul>") + "</article>")
    return "".join(parts)


def _meaning(described: Schema, language: Language) -> str:
    words = described.get("description") or described.get("schema", {}).get("description", "")
    required = f"<strong>{_REQUIRED.read_in(language)}</strong> " if described["required"] else ""
    return required + escape(words)


def _answer(answer: Schema) -> str:
    if "$ref" in answer:
        return f'<a href="#problems">{escape(answer["$ref"].rpartition("/")[2])}</a>'
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    return escape(answer["description"]) + (f" {_type_of(schema)}" if schema else "")


def _problems(language: Language) -> str:
    rows = [
        (
            f'<span id="problem-{sort.name}">{sort.type}</span>',
            str(int(sort.status)),
            escape(sort.title.read_in(language)),
        )
        for sort in (*STATUSES.values(), OUR_FAULT)
    ]
    cells = "".join(
        f"<tr><th scope='row'>{name}</th><td>{status}</td><td>{title}</td></tr>"
        for name, status, title in rows
    )
    heading = _PROBLEMS.read_in(language)
    return f'<section id="problems"><h2>{heading}</h2><table>{cells}</table></section>'


def _shapes(document: Schema, language: Language) -> str:
    parts = [f'<section id="shapes"><h2>{_SHAPES.read_in(language)}</h2>']
    for name, schema in document["components"]["schemas"].items():
        parts.append(
            f'<article id="shape-{name}"><h3><code>{name}</code></h3>'
            f"<p>{escape(schema.get('description', ''))}</p>"
        )
        required = schema.get("required", [])
        rows = [
            (field, _type_of(each), _meaning({**each, "required": field in required}, language))
            for field, each in schema.get("properties", {}).items()
        ]
        parts.append(_table(rows, language) if rows else f"<p>{_type_of(schema)}</p>")
        parts.append("</article>")
    return "".join(parts) + "</section>"


def _table(rows: list[tuple[str, str, str]], language: Language) -> str:
    head = "".join(f"<th scope='col'>{column.read_in(language)}</th>" for column in _COLUMNS)
    body = "".join(
        f"<tr><th scope='row'><code>{escape(name)}</code></th><td>{kind}</td><td>{words}</td></tr>"
        for name, kind, words in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _folded(heading: str, content: str) -> str:
    return f"<details><summary>{heading}</summary>{content}</details>"


def _type_of(schema: Any) -> str:  # noqa: ANN401 - any JSON Schema
    if "$ref" in schema:
        name = escape(schema["$ref"].removeprefix(COMPONENTS))
        return f'<a href="#shape-{name}">{name}</a>'
    if "anyOf" in schema:
        return " | ".join(_type_of(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"[{_type_of(schema['items'])}]"
    bounds = [
        f"{words} {schema[key]}"
        for key, words in (("minimum", "≥"), ("maximum", "≤"), ("maxLength", "≤"))
        if key in schema
    ]
    return escape(" ".join((schema.get("format") or schema.get("type", "JSON"), *bounds)))
