import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.app import create_app
from service.server import address_of, bind, server_of
from service.settings import Settings
from tests.bulletins.conftest import own_home, rows
from tests.bulletins.example import EXAMPLE_MONTHS, NOW, publish_bulletin, publish_months
from tests.bulletins.example_record import publish_record
from tests.bulletins.scenario_example import write_example

LOOK_EVERY_S = 0.01

_servers: list[threading.Thread] = []

__all__ = ["own_home", "rows"]


def join_servers() -> None:
    """Wait for all servers to stop."""
    for thread in _servers:
        thread.join()


@pytest.fixture(scope="session", autouse=True)
def _all_servers_stop() -> Iterator[None]:
    yield
    join_servers()


def refuse_constant(name: str) -> float:
    raise AssertionError(f"{name} is not JSON")


def read_strictly(response: httpx.Response) -> None:
    """Refuse NaN and infinity in any response of any test."""
    kind = response.headers.get("content-type", "")
    if "json" in kind and "ndjson" not in kind and response.read():
        json.loads(response.content, parse_constant=refuse_constant)


@contextmanager
def serve_app(app: FastAPI, settings: Settings | None = None) -> Iterator[httpx.Client]:
    """An application on a real socket; gives a client for it."""
    chosen = settings or Settings()
    listener = bind("127.0.0.1", 0, unread_seconds=chosen.send_seconds)
    server = server_of(app, chosen)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        hooks = {"response": [read_strictly]}
        with httpx.Client(base_url=address_of(listener), event_hooks=hooks) as client:
            yield client
    finally:
        server.should_exit = True  # it takes a fifth of a second, which nobody has to wait for
        _servers.append(thread)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for what happens within a second in the background; a loaded machine gets ten."""
    end = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def newest_id(client: httpx.Client) -> str | None:
    """The bulletin that is served at this moment; None while there is none."""
    newest: str | None = client.get("/healthz").headers.get("tocsin-bulletin")
    return newest


@contextmanager
def serving_with(
    home: Path, settings: Settings | None = None, *, needs_key: bool = False, **more: Any
) -> Iterator[httpx.Client]:
    options: dict[str, Any] = {"now": lambda: NOW, "look_every_s": LOOK_EVERY_S, **more}
    app = create_app(home, settings, needs_key=needs_key, **options)
    with serve_app(app, settings) as client:
        yield client


def serve_home(home: Path) -> AbstractContextManager[httpx.Client]:
    return serving_with(home)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the example bulletin, which is simulated; not to be changed."""
    folder = tmp_path_factory.mktemp("home")
    publish_bulletin(folder)
    publish_record(folder)
    write_example(folder)
    return folder


@pytest.fixture(scope="session")
def client(home: Path) -> Iterator[httpx.Client]:
    with serve_home(home) as opened:
        yield opened


@pytest.fixture(scope="session")
def empty_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serve_home(tmp_path_factory.mktemp("empty")) as opened:
        yield opened


@pytest.fixture(scope="session")
def months_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the bulletins of four months, the newest as in the example; not to be changed."""
    folder = tmp_path_factory.mktemp("months")
    publish_months(folder, EXAMPLE_MONTHS)
    publish_record(folder)
    write_example(folder)
    return folder


@pytest.fixture(scope="session")
def months_client(months_home: Path) -> Iterator[httpx.Client]:
    with serve_home(months_home) as opened:
        yield opened
