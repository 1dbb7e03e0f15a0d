"""Start the programs of a deployment from its files, on free ports of this machine."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.paths import ROOT
from tests.service.conftest import _all_servers_stop, home

DEPLOYMENT = ROOT / "deployment"

__all__ = ["_all_servers_stop", "home"]


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip tests where a program is missing; where `.ci/run` has installed them, they run."""
    missing = [name for name in programs if shutil.which(name) is None]
    reason = f"not installed: {', '.join(missing)}"
    return pytest.mark.skipif(bool(missing) and not os.environ.get("CI"), reason=reason)


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def read_yaml(path: Path) -> Any:
    """The content of a YAML file."""
    return yaml.safe_load(path.read_text())


@contextmanager
def running(
    command: list[str], folder: Path, port: int, environment: dict[str, str] | None = None
) -> Iterator[None]:
    """A program that listens on a port within a minute; what it says is shown if it does not."""
    log = folder / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=output, env=environment
        ) as program,
    ):
        try:
            end = time.monotonic() + 60
            while not _listens(port):
                assert program.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.02)
            yield
        finally:
            program.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
