"""A folder of CSV files <-> reference records: what a school keeps in a spreadsheet.

One file a kind (`rooms.csv`), one column a field, under its English name or its Chinese one.
docs/import.md describes the format.
"""

from scheduler.exchange.load import Imported, export_files, import_files
from scheduler.exchange.read import CellError, RefusedFilesError, read_files
from scheduler.exchange.undoing import Undone, undo_import
from scheduler.exchange.write import write_files

__all__ = [
    "CellError",
    "Imported",
    "RefusedFilesError",
    "Undone",
    "export_files",
    "import_files",
    "read_files",
    "undo_import",
    "write_files",
]
