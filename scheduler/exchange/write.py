"""Records -> the files that `read_files` reads back as the same records. Pure."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from scheduler.exchange.cells import write_cell
from scheduler.exchange.columns import COLUMNS, ROWS_OF, heading
from scheduler.records import KINDS, NAMES, Record


def write_files(records: Iterable[Record]) -> Mapping[str, bytes]:
    """One CSV a kind, by id, in UTF-8 with a byte order mark so that Excel and WPS read it."""
    by_name: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_name[NAMES[type(record)]].append(record)
    return {f"{name}.csv": _write(KINDS[name], by_name[name]) for name in KINDS if by_name[name]}


def _write(kind: type[Record], records: Sequence[Record]) -> bytes:
    rows = [row for record in sorted(records, key=lambda one: one.id) for row in _rows(record)]
    used = [column for column in COLUMNS[kind] if any(column in row for row in rows)]
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(heading(column) for column in used)
    writer.writerows([row.get(column, "") for column in used] for row in rows)
    return sheet.getvalue().encode("utf-8-sig")


def _rows(record: Record) -> list[dict[str, str]]:
    several = ROWS_OF.get(type(record))
    own = _cells(record, leave_out=several)
    if several is None:
        return [own]
    prefix = several.removesuffix("s")
    inner = [
        {f"{prefix}.{name}": cell for name, cell in _cells(value).items()}
        for value in getattr(record, several)
    ] or [{}]
    return [own | inner[0], *({"id": own["id"]} | cells for cells in inner[1:])]


def _cells(
    value: Any,  # noqa: ANN401 - any dataclass
    *,
    leave_out: str | None = None,
) -> dict[str, str]:
    """Every cell that is not the field's default, which an empty cell stands for."""
    return {
        field.name: cell
        for field in fields(value)
        if field.name != leave_out
        and (getattr(value, field.name) != field.default or field.default is MISSING)
        and (cell := write_cell(getattr(value, field.name)))
    }
