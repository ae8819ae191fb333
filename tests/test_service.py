"""The installed command, run as an operator runs it."""

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner, Result

from scheduler.disruptions.outages import mark
from scheduler.store import Store, Transaction
from service import commands
from tests.builders import NOW, an_outage, at, some_books
from tests.scheduler.desk import Desk, records_of

ROOT: Final = Path(__file__).parents[1]
EXAMPLE: Final = ROOT / "examples" / "fourth-alliance"


def lianke(*arguments: str, settings: Mapping[str, str] | None = None) -> Result:
    return CliRunner().invoke(
        commands, arguments, env={**(settings or {}), "NO_COLOR": "1", "COLUMNS": "100"}
    )


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_is_imported_is_exported_byte_for_byte(tmp_path: Path) -> None:
    first = lianke("import", str(EXAMPLE))
    second = lianke("import", str(EXAMPLE))
    exported = lianke("export", "out")
    assert (first.exit_code, second.exit_code, exported.exit_code) == (0, 0, 0)
    assert first.stdout == "1055 records read, 1055 changed.\n"
    assert second.stdout == "1055 records read, 0 changed.\n"
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert written == {path.name: path.read_bytes() for path in EXAMPLE.iterdir()}


def test_files_with_a_wrong_cell_are_refused_in_both_languages(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "rooms.csv").write_text("编号,学校,名称,座位\nR1,TF1,一,很多\n", encoding="utf-8")
    refused = lianke("import", "files")
    assert refused.exit_code == 1
    assert "rooms.csv 行/row 2 列/column seats '很多'" in refused.stderr
    assert "没有写入任何内容" in refused.stderr
    assert "nothing was stored" in refused.stderr


def test_a_token_is_printed_alone() -> None:
    issued = lianke("token", "office", "--role", "alliance_admin")
    assert issued.exit_code == 0
    assert len(issued.stdout.strip()) == 43


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (("import", "nowhere"), {}),
        (("import", "."), {}),
        (("token", "x", "--role", "king"), {}),
        (("export", "out"), {"LIANKE_DATABASE": "mysql://x"}),
        (("export", "out"), {"LIANKE_COLOUR": "red"}),
        (("fly",), {}),
    ],
)
def test_only_success_exits_with_zero(
    arguments: tuple[str, ...], settings: Mapping[str, str]
) -> None:
    refused = lianke(*arguments, settings=settings)
    assert refused.exit_code != 0
    assert refused.stderr


def test_every_command_explains_itself() -> None:
    overview = lianke("--help").stdout
    for command in (
        *("serve", "import", "export", "allocate", "token"),
        *("backup", "restore", "check"),
    ):
        assert command in overview
        shown = lianke(command, "--help")
        assert (shown.exit_code, "Usage" in shown.stdout) == (0, True)


def test_a_backup_is_restored_elsewhere_and_checked(tmp_path: Path) -> None:
    there = {"LIANKE_DATABASE": f"sqlite+aiosqlite:///{tmp_path / 'elsewhere.sqlite'}"}
    lianke("import", str(EXAMPLE))
    made = lianke("backup", "one.backup")
    restored = lianke("restore", "one.backup", settings=there)
    checked = lianke("check", settings=there)
    assert (made.exit_code, restored.exit_code, checked.exit_code) == (0, 0, 0)
    assert "written to one.backup" in made.stdout
    assert "rows as of" in restored.stdout
    assert "All is well." in checked.stdout
    again = lianke("restore", "one.backup", settings=there)
    assert (again.exit_code, "The database is not empty" in again.stderr) == (1, True)


def test_a_check_that_finds_something_names_it_and_fails(tmp_path: Path) -> None:
    lianke("import", str(EXAMPLE))
    with closing(sqlite3.connect(tmp_path / "lianke.sqlite")) as by_hand:
        by_hand.execute("UPDATE resources SET sessions = 99 WHERE kind = 'link_pool'")
        by_hand.commit()
    checked = lianke("check")
    assert checked.exit_code == 1
    assert "its row has sessions 99, not 2." in checked.stdout


def test_a_check_that_finds_only_what_waits_for_people_succeeds(tmp_path: Path) -> None:
    """An outage hits a lesson that was agreed to before."""
    asyncio.run(book_and_mark(f"sqlite+aiosqlite:///{tmp_path / 'lianke.sqlite'}"))
    checked = lianke("check", settings={"LIANKE_CLOCK_STARTS_AT": NOW.isoformat()})
    assert checked.exit_code == 0, checked.stdout
    assert "rules (等人处理 waits for people)" in checked.stdout
    assert "一切正常。 All is well. 1 项等人处理。 1 wait for people." in checked.stdout


async def book_and_mark(url: str) -> None:
    store = await Store.open(url)
    desk = Desk(store)
    await desk.do(Transaction.put_many, records_of(*some_books()))
    await desk.book()
    await desk.do(mark, an_outage(at("14:00"), room="TF1-R1"), revision=None)
    await store.close()
