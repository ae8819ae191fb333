"""Import: whole files of records, all of them or nothing, with every wrong cell named."""

from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import Meta

from calendars.fields import EXPECTED
from calendars.text import Text
from scheduler.access import require_office
from scheduler.disruptions.outages import import_and_warn
from scheduler.errors import ForbiddenError, NotFoundError, StateError
from scheduler.exchange import Imported, RefusedFilesError, Undone, undo_import
from scheduler.http.bodies import LONGEST_BODY
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFile:
    """A CSV file in the documented format, such as rooms.csv, as text."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[a-z-]{1,40}\.csv(?![\s\S])",
            extra={EXPECTED: Text("文件名，例如 rooms.csv", "a file's name such as rooms.csv")},
        ),
    ]
    content: Annotated[str, Meta(max_length=LONGEST_BODY)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesToImport:
    """Files to import together."""

    files: Annotated[tuple[ImportFile, ...], Meta(min_length=1, max_length=40)]


async def _imported(transaction: Transaction, call: Call[FilesToImport, object]) -> Imported:
    require_office(call.actor)
    files = {file.name: file.content.encode() for file in call.body.files}
    return (await import_and_warn(transaction, files)).imported


async def _undone(transaction: Transaction, call: Call[NoBody, object]) -> Undone:
    require_office(call.actor)
    return await undo_import(transaction, call.id)


_TAG: Final = Text("导入", "Imports")
ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="POST",
        path="/imports",
        tag=_TAG,
        summary=Text(
            "导入一组 CSV 文件（全部或不导入）；可先 dry_run",
            "Import CSV files, all or nothing; try it with dry_run",
        ),
        body=FilesToImport,
        answer=Imported,
        errors=(ForbiddenError, RefusedFilesError),
        run=_imported,
    ),
    Route(
        method="POST",
        path="/imports/files/{id}/undo",
        tag=_TAG,
        summary=Text(
            "撤销当天的一次导入：每条记录恢复原样",
            "Undo an import of today: every record as it was before",
        ),
        answer=Undone,
        errors=(NotFoundError, ForbiddenError, StateError),
        run=_undone,
    ),
)
