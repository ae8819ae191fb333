"""Puts the parts together: settings, lifetimes and commands. Only the demo imports it."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from calendars.bells import SchoolId
from scheduler import planning
from scheduler.checking.database import check
from scheduler.command_line.allocating import plan_term, publish_plan, show_plan
from scheduler.command_line.terminal import (
    OPERATOR,
    console,
    fail,
    finish,
    open_store,
    settings_here,
    with_store,
)
from scheduler.delivery import open_outlets
from scheduler.disruptions.outages import import_and_warn
from scheduler.errors import InvalidValueError, UnavailableError
from scheduler.exchange import export_files
from scheduler.exchange.ledger import write_ledger
from scheduler.feeds import Feeds
from scheduler.http.app import make_app
from scheduler.http.logs import configure_logs
from scheduler.http.operations import STOPPING, JobsAtWork
from scheduler.http.origins import Trusted
from scheduler.http.serving import serve as serve_app
from scheduler.imports import Allowed, CalendarFetcher, Importer
from scheduler.jobs import (
    JOBS,
    MACHINE,
    Clock,
    Jobs,
    forgetting,
    offering_freed_places,
    reading_calendars,
    sending_through,
    solving_with,
    telling_guests,
    writing_down,
)
from scheduler.model import Actor, ActorRole, AuditFilter, Plan, PlanId, PlanState
from scheduler.model.findings import Finding
from scheduler.settings import Settings
from scheduler.store import Link, Store
from scheduler.store.backup import backup, restore
from scheduler.tokens import issue_token

TURN_SECONDS: Final = 0.0005
"""How long a thread that thinks may keep the others waiting. A booking waits for its turn a few
dozen times, so Python's 5 ms would make it last ten times as long while a plan is sought."""
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
commands: Final = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="联课 Lianke: remote interactive classrooms, shared by schools. "
    "Settings come from LIANKE_* variables or the file that LIANKE_SETTINGS names.",
)


def clock_of(settings: Settings) -> Clock:
    """The one clock of the process: the computer's, or one that started at another moment."""
    started = datetime.now(UTC)  # noqa: TID251 - the clock that is handed in comes from here
    ahead = settings.clock_starts_at - started if settings.clock_starts_at else timedelta()
    return lambda: datetime.now(UTC) + ahead  # noqa: TID251 - as above


async def run_service(settings: Settings) -> None:
    """Serve until a signal asks to stop, and then until all that was accepted is answered."""
    clock = clock_of(settings)
    sys.setswitchinterval(TURN_SECONDS)
    async with AsyncExitStack() as opened:
        store = await open_store(settings)
        opened.push_async_callback(store.close)
        outlets = await opened.enter_async_context(
            open_outlets(settings.mail_server, settings.allowed_robot_hosts, clock)
        )
        importer = Importer(allowed=Allowed(settings.allowed_import_hosts))
        fetcher = await opened.enter_async_context(CalendarFetcher(importer.allowed))
        feeds = Feeds(store)
        jobs = Jobs(
            store,
            clock,
            (
                *JOBS,
                offering_freed_places(),
                solving_with(settings.workers),
                writing_down(feeds.polls),
                sending_through(outlets),
                reading_calendars(fetcher, importer.reader),
                telling_guests(settings.mail_server),
                forgetting(audit_days=settings.audit_days, notice_days=settings.notice_days),
            ),
        )
        app = make_app(
            store,
            clock=clock,
            address=settings.address,
            feeds=feeds,
            importer=importer,
            invites=settings.mail_server is not None,
            trusted=Trusted(
                robot_hosts=settings.allowed_robot_hosts, proxies=settings.believed_proxies
            ),
            jobs=JobsAtWork(lambda: jobs.are_running, lambda: jobs.late),
        )
        when_told_to_stop(jobs.pause, app[STOPPING].set)
        jobs.start()
        await serve_app(
            app, host=settings.host, port=settings.port, drain_seconds=settings.drain_seconds
        )
        ended = await jobs.stop()
        with suppress(UnavailableError):  # the service ends well although its database is gone
            await feeds.polls.write_down(store, actor=MACHINE, now=clock())
    if not ended:
        # Python would wait for the solver's thread, however long that thinks. Its plan is taken up
        # by the next process, as after a crash.
        os._exit(0)


def when_told_to_stop(*actions: Callable[[], None]) -> None:
    """Do these at the first signal to stop; the second ends the process at once."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for each in _STOP_SIGNALS:
            loop.remove_signal_handler(each)
        for action in actions:
            action()

    for each in _STOP_SIGNALS:
        loop.add_signal_handler(each, stop)


def serve_with(settings: Settings) -> None:
    """`run_service` with its log on standard error; what prevents it becomes a sentence."""
    configure_logs()
    finish(run_service(settings))


@commands.command()
def serve() -> None:
    """Serve the API and the feeds, and run the jobs."""
    settings = settings_here()
    console.print(f"Lianke serves {settings.address}, API docs at {settings.address}/api/v1/docs")
    serve_with(settings)


@commands.command("import")
def import_folder(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, readable=True)],
) -> None:
    """Import a folder of CSV files (docs/import.md), all of it or nothing."""
    settings = settings_here()
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}
    if not files:
        fail(
            InvalidValueError(
                f"{folder} 中没有 .csv 文件。", f"There are no .csv files in {folder}."
            )
        )
    now = clock_of(settings)()
    done = with_store(
        settings,
        lambda store: store.write(
            lambda transaction: import_and_warn(transaction, files), actor=OPERATOR, now=now
        ),
    )
    console.print(f"{done.imported.records} records read, {done.imported.changed} changed.")
    for hit in done.hits:
        console.print(f"outage {hit.outage} hits {len(hit.sessions)} sessions:", markup=False)
        for session in hit.sessions:
            starts = session.slot.starts.isoformat()
            console.print(f"  {session.id} {starts} {session.title}", markup=False)


@commands.command("export")
def export_folder(folder: Annotated[Path, typer.Argument(file_okay=False)]) -> None:
    """Write every reference record as the CSV files that `import` reads."""
    settings = settings_here()
    now = clock_of(settings)()

    async def written(store: Store) -> Mapping[str, bytes]:
        async with store.read(now=now) as transaction:
            return await export_files(transaction)

    files = with_store(settings, written)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    console.print(f"{len(files)} files written to {folder}.")


@commands.command()
def allocate(
    term: Annotated[
        str, typer.Option(help="A term's id, or the name several schools share; all if empty.")
    ] = "",
    seconds: Annotated[int, typer.Option(min=1, max=3600, help="How long to search.")] = 30,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same plan.")] = 1,
    close_to: Annotated[
        str | None, typer.Option(help="An earlier plan's id: move as little of it as possible.")
    ] = None,
    publish: Annotated[bool, typer.Option(help="Book what the plan places.")] = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Find a weekday, time and rooms for every open request of a term."""
    settings = settings_here()
    clock = clock_of(settings)
    wish = planning.PlanWish(
        term=term,
        seconds=seconds,
        seed=seed,
        close_to=None if close_to is None else PlanId(close_to),
    )

    async def run(store: Store) -> Plan:
        plan = await plan_term(store, clock, wish, settings.workers)
        show_plan(plan)
        if publish and plan.state is PlanState.READY:
            published = await publish_plan(store, clock, plan)
            console.print(
                f"{len(published.booked)} series booked, {len(published.refused)} refused."
            )
        return plan

    plan = with_store(settings, run)
    if plan.state is PlanState.FAILED:
        raise typer.Exit(1)


@commands.command()
def token(
    name: Annotated[str, typer.Argument(help="Whom the audit shall name.")],
    role: Annotated[ActorRole, typer.Option(help="What the bearer may do.")],
    school: Annotated[str | None, typer.Option(help="The school's id, for its own people.")] = None,
    days: Annotated[int, typer.Option(min=1, help="How long it opens anything.")] = 180,
) -> None:
    """Issue a bearer token for the API; it is shown this once."""
    settings = settings_here()
    now = clock_of(settings)()
    actor = Actor(name=name, role=role, school=SchoolId(school) if school else None)
    console.print(
        with_store(
            settings,
            lambda store: store.write(
                lambda transaction: issue_token(
                    transaction, actor, expires_at=now + timedelta(days=days)
                ),
                actor=OPERATOR,
                now=now,
            ),
        )
    )


@commands.command("check")
def check_everything() -> None:
    """Verify everything that must always be true; exit status 1 if anything is not.

    What waits for people to decide, such as sessions that an outage hits, is told and no error.
    """
    settings = settings_here()
    now = clock_of(settings)()

    async def found(store: Store) -> tuple[Finding, ...]:
        async with store.read(now=now) as transaction:
            return await check(transaction)

    findings = with_store(settings, found)
    for finding in findings:
        waits = " (等人处理 waits for people)" if finding.waits_for_people else ""
        sentence = f"{finding.sentence.zh} {finding.sentence.en}"
        console.print(f"{finding.check}{waits}: {sentence}", markup=False, highlight=False)
    if not all(finding.waits_for_people for finding in findings):
        raise typer.Exit(1)
    left = f" {len(findings)} 项等人处理。 {len(findings)} wait for people." if findings else ""
    console.print(f"一切正常。 All is well.{left}")


@commands.command("audit")
def export_audit(
    file: Annotated[Path, typer.Argument(dir_okay=False)],
    since: Annotated[datetime | None, typer.Option(help="From this moment on, in UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Before this moment, in UTC.")] = None,
) -> None:
    """Write who did what to FILE (.jsonl or .csv), and say how each chain of hashes ends."""
    settings = settings_here()
    now = clock_of(settings)()
    wanted = AuditFilter(since=in_utc(since), until=in_utc(until))

    async def written(store: Store) -> tuple[int, Sequence[Link]]:
        async with store.read(now=now) as transaction:
            return await write_ledger(transaction, wanted, file), await transaction.chain_heads()

    many, heads = with_store(settings, written)
    console.print(f"{many} entries written to {file}.")
    for head in heads:
        if head.position:
            console.print(f"chain {head.chain}: {head.position} entries, {head.hash.hex()}")


def in_utc(moment: datetime | None) -> datetime | None:
    """What was typed without an offset, in UTC."""
    return None if moment is None else moment.replace(tzinfo=UTC)


@commands.command("backup")
def back_up(file: Annotated[Path, typer.Argument(dir_okay=False)]) -> None:
    """Write one consistent copy of everything to FILE, also while the service runs."""
    settings = settings_here()
    copy = finish(backup(settings.database, file, now=clock_of(settings)()))
    console.print(f"{sum(copy.rows.values())} rows (schema {copy.schema}) written to {file}.")


@commands.command("restore")
def restore_from(file: Annotated[Path, typer.Argument(dir_okay=False)]) -> None:
    """Fill an empty database with a backup, all of it or nothing."""
    copy = finish(restore(settings_here().database, file))
    console.print(f"{sum(copy.rows.values())} rows as of {copy.made_at.isoformat()} restored.")


def main() -> None:
    """The command `lianke`."""
    commands()


if __name__ == "__main__":
    main()
