"""Files -> records, or every cell that is wrong. Pure."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from calendars.fields import UNSEEN
from calendars.text import Text
from scheduler.errors import SchedulerError
from scheduler.exchange.cells import read_cell
from scheduler.exchange.columns import COLUMNS, HEADINGS, ROWS_OF, heading
from scheduler.explain import explain, is_missing, pointer_of
from scheduler.records import KINDS, Record

MAX_FILE_BYTES: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CellError:
    """What is wrong in one cell. `row` counts as the spreadsheet does: 1 is the heading."""

    file: str
    row: int
    column: str
    value: str
    sentence: Text


class _CellError(Exception):
    def __init__(self, error: CellError) -> None:
        super().__init__(error.sentence.en)
        self.error = error


class RefusedFilesError(SchedulerError):
    """Files that cannot be imported, with every cell that is wrong. Nothing was stored."""

    def __init__(self, errors: Sequence[CellError]) -> None:
        super().__init__(
            f"导入文件有 {len(errors)} 处错误，没有写入任何内容。",
            f"The files have {len(errors)} errors; nothing was stored.",
        )
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Placed:
    """A record with the rows it stands in: `rows[i]` is the sheet's row of its i-th inner value."""

    file: str
    rows: tuple[int, ...]
    record: Record

    def error_at(self, pointer: str, value: str, sentence: Text) -> CellError:
        """An error of the field that an RFC 6901 `pointer` names."""
        row, column = _cell_of(type(self.record), self.rows, pointer)
        return CellError(file=self.file, row=row, column=column, value=value, sentence=sentence)


Row = tuple[int, dict[str, str]]


def read_files(files: Mapping[str, bytes]) -> tuple[tuple[Placed, ...], tuple[CellError, ...]]:
    """Every record of the files in the order of `KINDS`, and every cell that cannot be read."""
    placed: list[Placed] = []
    errors = [
        _file_error(
            name,
            f"不认识的文件，请用 {'、'.join(_file_names())} 之一。",
            f"Unknown file; use one of {', '.join(_file_names())}.",
        )
        for name in sorted(files)
        if name not in _file_names()
    ]
    for kind_name, kind in KINDS.items():
        name = f"{kind_name}.csv"
        if name in files:
            found, wrong = _read(name, kind, files[name])
            placed += found
            errors += wrong
    return tuple(placed), tuple(errors)


def _file_names() -> tuple[str, ...]:
    return tuple(f"{name}.csv" for name in KINDS)


def _file_error(file: str, zh: str, en: str, *, row: int = 1, column: str = "") -> CellError:
    return CellError(file=file, row=row, column=column, value="", sentence=Text(zh, en))


def _read(file: str, kind: type[Record], content: bytes) -> tuple[list[Placed], list[CellError]]:
    try:
        rows = list(csv.reader(io.StringIO(_decoded(content)), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        return [], [
            _file_error(
                file, f"不是可读的 CSV 文件：{error}。", f"Not a readable CSV file: {error}."
            )
        ]
    if not rows:
        return [], [_file_error(file, "文件是空的，缺少表头。", "The file is empty: no heading.")]
    names = [HEADINGS[kind].get(_tidy(cell)) for cell in rows[0]]
    errors = list(_heading_errors(file, kind, rows[0], names))
    if errors:
        return [], errors
    placed: list[Placed] = []
    seen: set[str] = set()
    for group in _groups(kind, list(_body(names, rows[1:]))):
        try:
            one = _record(file, kind, group)
        except _CellError as wrong:
            errors.append(wrong.error)
            continue
        if one.record.id in seen:
            errors.append(
                one.error_at(
                    "/id",
                    one.record.id,
                    Text(
                        f"编号 {one.record.id} 在文件中重复。",
                        f"The id {one.record.id} occurs twice in this file.",
                    ),
                )
            )
        seen.add(one.record.id)
        placed.append(one)
    return placed, errors


def _body(names: Sequence[str | None], rows: Sequence[Sequence[str]]) -> Iterator[Row]:
    for no, cells in enumerate(rows, start=2):
        named = {
            name: _tidy(cell)
            for name, cell in zip(names, cells, strict=False)
            if name is not None and _tidy(cell)
        }
        if named:
            yield no, named


def _decoded(content: bytes) -> str:
    """UTF-8 with or without a byte order mark, else what Chinese Excel writes (E66)."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _tidy(cell: str) -> str:
    """Without what came along unseen when the cell was pasted."""
    return UNSEEN.sub("", cell).strip().strip("\u3000\u00a0")


def _heading_errors(
    file: str, kind: type[Record], headings: Sequence[str], names: Sequence[str | None]
) -> Iterator[CellError]:
    known_zh, known_en = "、".join(map(heading, COLUMNS[kind])), ", ".join(COLUMNS[kind])
    for title, name in zip(headings, names, strict=True):
        if name is None and _tidy(title):
            yield _file_error(
                file,
                f"不认识的列 {title!r}，可用的列：{known_zh}。",
                f"Unknown column {title!r}; the columns are {known_en}.",
                column=title,
            )
        elif name is not None and names.count(name) > 1:
            yield _file_error(
                file,
                f"列 {title!r} 重复。",
                f"The column {title!r} occurs twice.",
                column=title,
            )
    if "id" not in names:
        yield _file_error(
            file, "缺少 编号 (id) 列。", "The column id (编号) is missing.", column="id"
        )


def _groups(kind: type[Record], rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows of each record: one, or those that follow each other with its id or with none."""
    group: list[Row] = []
    for row in rows:
        continues = kind in ROWS_OF and group and row[1].get("id") in (None, group[0][1].get("id"))
        if group and not continues:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _record(file: str, kind: type[Record], group: Sequence[Row]) -> Placed:
    hints = COLUMNS[kind]
    several = ROWS_OF.get(kind)
    prefix = f"{several.removesuffix('s')}." if several else None
    own: dict[str, object] = {}
    inner: list[dict[str, object]] = []
    rows: list[int] = []
    for no, cells in group:
        values: dict[str, object] = {}
        for name, cell in cells.items():
            if prefix and name.startswith(prefix):
                values[name.removeprefix(prefix)] = read_cell(cell, hints[name])
            else:
                own.setdefault(name, read_cell(cell, hints[name]))
        if values:
            inner.append(values)
            rows.append(no)
    if several:
        own[several] = inner
    rows = rows or [group[0][0]]
    try:
        return Placed(file, tuple(rows), msgspec.convert(own, kind, strict=False))
    except msgspec.ValidationError as error:
        row, column = _cell_of(kind, rows, pointer_of(error))
        value = next((cells.get(column, "") for no, cells in group if no == row), "")
        sentence = explain(error)
        if is_missing(error) and column in hints:
            zh, en = heading(column), column
            sentence = Text(f"缺少必填项 {zh} ({en})。", f"{en} ({zh}) is required.")
        raise _CellError(
            CellError(file=file, row=row, column=column, value=value, sentence=sentence)
        ) from None


def _cell_of(kind: type[Record], rows: Sequence[int], pointer: str) -> tuple[int, str]:
    """The sheet's row and column for a pointer into a record."""
    steps = pointer.split("/")[1:]
    several = ROWS_OF.get(kind)
    if several and steps and steps[0] == several:
        row = rows[int(steps[1])] if len(steps) > 1 else rows[0]
        name = steps[2] if len(steps) > 2 else ""  # noqa: PLR2004 - /lessons/3/teacher
        return row, f"{several.removesuffix('s')}.{name}" if name else several
    return rows[0], steps[0] if steps else ""
