from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from features.sources.fetching.transport import Transport
from tests.features.sources.fetching.server import Site, serving


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    waits: list[float] = []
    with ExitStack() as stack:
        session = stack.enter_context(requests.Session())
        session.trust_env = False

        def client(**options: Any) -> Transport:
            plain: dict[str, Any] = {
                "user_agent": "tocsin/0",
                "gap": 0.0,
                "timeout": 5.0,
                "sleep": waits.append,
                "clock": lambda: sum(waits),
                "session": session,
            }
            return Transport(**plain | options)

        yield Site(lambda *answers: serving(stack, answers), client, waits, tmp_path)
