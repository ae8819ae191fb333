"""A stranger who knows only the OpenAPI document tries it all: no 5xx, nothing undocumented."""

import asyncio
import sys
from pathlib import Path
from typing import Final

import pytest
from aiohttp.test_utils import TestServer

from scheduler.http.app import make_app
from scheduler.http.routes import API
from scheduler.store import Store
from tests.scheduler.http.conftest import ADDRESS, Clock

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)


@pytest.mark.parametrize(
    ("phases", "examples", "paths"),
    [("coverage", 1, "sessions|windows|rooms"), ("fuzzing", 2, "")],
)
async def test_no_request_that_the_document_allows_or_forbids_breaks_the_service(
    store: Store, tmp_path: Path, phases: str, examples: int, paths: str
) -> None:
    server = TestServer(make_app(store, clock=Clock(), address=ADDRESS))
    await server.start_server()
    try:
        run = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            str(server.make_url(f"{API}/openapi.json")),
            *("--header", "Authorization: Bearer office"),
            *("--phases", phases, "--max-examples", str(examples), "--seed", "1"),
            *("--checks", ",".join(CHECKS), "--include-path-regex", paths or "."),
            *("--generation-database", "none", "--warnings", "off", "--no-color"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await asyncio.wait_for(run.communicate(), timeout=120)
    finally:
        await server.close()
    assert run.returncode == 0, told.decode()[-6000:]
    assert b"No test cases were generated" not in told
