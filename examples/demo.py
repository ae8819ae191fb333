"""`make demo`: the example alliance imported, its term allocated and published, then served.

The clock of the demo starts a week before the term, so that the whole term lies ahead.
"""

import argparse
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Final

import uvloop
from rich.console import Console

from calendars.bells import SchoolId
from examples.generate import FOLDER
from scheduler import feeds, planning
from scheduler.exchange import import_files
from scheduler.model import Actor, ActorRole, Scope
from scheduler.settings import Settings
from scheduler.store import Store
from scheduler.tokens import issue_token
from service import OPERATOR, clock_of, serve_with

EVE: Final = datetime(2026, 8, 24, 0, 0, tzinfo=UTC)
console: Final = Console(soft_wrap=True, highlight=False)
PEOPLE: Final = (
    Actor(name="联盟办公室 alliance office", role=ActorRole.ALLIANCE_ADMIN),
    Actor(name="周主任 coordinator", role=ActorRole.SCHOOL_COORDINATOR, school=SchoolId("TF1")),
    Actor(name="汪主任 coordinator", role=ActorRole.SCHOOL_COORDINATOR, school=SchoolId("CB")),
    Actor(name="电教员 school IT", role=ActorRole.IT_SUPPORT, school=SchoolId("CB")),
    Actor(name="教师 teacher", role=ActorRole.TEACHER, school=SchoolId("TF1")),
)
