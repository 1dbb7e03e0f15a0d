"""Real servers for tests: PostgreSQL from Debian, and an object store that speaks S3."""

import gc
import logging
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, Thread
from wsgiref.types import StartResponse, WSGIEnvironment

import psycopg
import pytest
import requests
import sqlalchemy as sa
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

BUCKET = "tocsin-tests"

_PATIENCE_S = 60
_USER = "postgres"
_UNSAFE_AND_QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a PostgreSQL server in a folder of its own; yield its address, without a database."""
    initdb = postgres_program("initdb")
    if initdb is None:
        pytest.skip("PostgreSQL is not installed")
    # Outside of the folders of this process: PostgreSQL runs as another user than root.
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else Path("/tmp")
    with tempfile.TemporaryDirectory(dir=place, prefix="tocsin-postgres-") as folder:
        if os.getuid() == 0:
            shutil.chown(folder, _USER)
        data, port = f"{folder}/data", free_port()
        options = ["--auth=trust", "--username=tocsin", "--encoding=UTF8", "--locale=C"]
        command = [*_as_user(), initdb, "--no-sync", *options, data]
        subprocess.run(command, check=True, capture_output=True, cwd=folder)
        settings = (*_UNSAFE_AND_QUICK, "listen_addresses=127.0.0.1", "unix_socket_directories=")
        changes = [word for setting in settings for word in ("-c", setting)]
        postgres = str(Path(initdb).with_name("postgres"))
        with (
            Path(folder, "log").open("wb") as log,
            subprocess.Popen(
                [*_as_user(), postgres, "-D", data, "-p", str(port), *changes],
                stdout=log,
                stderr=log,
                cwd=folder,
            ) as server,
        ):
            address = f"postgresql://tocsin@127.0.0.1:{port}"
            try:
                _wait_for(address)
                yield address
                _let_go()
            finally:
                server.send_signal(signal.SIGINT)


def execute(address: str, *statements: str) -> None:
    """Execute statements in a database, each by itself."""
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@contextmanager
def object_server() -> Iterator[dict[str, str]]:
    """Run a server that speaks S3 and has a bucket; yield the variables by which it is used."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto, alone = DomainDispatcherApplication(create_backend_app), Lock()

    def one_by_one(environment: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        # To create what is not there yet is one step of S3's and two of moto's.
        with alone:
            answer: Iterable[bytes] = moto(environment, start)
            return answer

    server = make_server("127.0.0.1", 0, one_by_one, True, request_handler=MotoRequestHandler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        requests.put(f"{address}/{BUCKET}", timeout=_PATIENCE_S).raise_for_status()
        yield {
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": address,
        }
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def postgres_program(name: str) -> str | None:
    """Return where a program of PostgreSQL is: Debian keeps most of them out of the path."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(installed[-1]) if installed else shutil.which(name)


def _as_user() -> list[str]:
    """Return what makes a command run as another user than root, as PostgreSQL demands."""
    own = ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"]
    return own if os.getuid() == 0 else []


def _let_go() -> None:
    """Close the connections that MLflow keeps open until its process ends."""
    # By their own types: a dead weak reference cannot be asked what it refers to.
    engines = [thing for thing in gc.get_objects() if issubclass(type(thing), sa.Engine)]
    for engine in engines:
        if engine.dialect.name == "postgresql":
            engine.dispose()


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            psycopg.connect(f"{address}/postgres").close()
            return
        time.sleep(0.05)
    raise TimeoutError(address)
