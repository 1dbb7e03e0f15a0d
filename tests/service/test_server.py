import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import httpx
import pytest

from features.errors import TocsinError
from service.server import bind, serve
from service.settings import Settings
from tests.paths import ROOT

READY_WITHIN_S = 3.0  # of processor time

SERVE = """
import sys
from pathlib import Path
from service.server import serve
from service.settings import Settings
tell = lambda address: print(address, flush=True)
serve(Path(sys.argv[1]), "127.0.0.1", 0, tell, Settings(max_age_days=36500))
print("done", flush=True)
"""

FORBIDDEN = """
import sys
from pathlib import Path
import service.server
from service.terminal import top_scores
top_scores(Path(sys.argv[1]), country=["MLI"], level="admin1", min_probability=0.1)
roots = {name.partition(".")[0] for name in sys.modules}
print(sorted(roots & {"mlflow", "sklearn", "statsmodels", "skops", "pandas", "experiments"}))
"""


def run(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@contextlib.contextmanager
def running(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = run(SERVE, str(home))
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def processor_time_of_children() -> float:
    """The processor time [s] of the processes that were run and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_the_service_is_ready_within_its_time(home: Path) -> None:
    before = processor_time_of_children()
    with running(home) as (_, address):
        assert httpx.get(f"{address}/readyz").status_code == 200
    assert 0 < processor_time_of_children() - before < READY_WITHIN_S


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_service_stops_when_told_and_says_nothing_more(home: Path, end: signal.Signals) -> None:
    with running(home) as (process, address):
        with httpx.Client(base_url=address) as client:
            process.send_signal(signal.SIGHUP)
            assert client.get("/healthz").json()["status"] == "alive"
            process.send_signal(end)
            out, errors = process.communicate(timeout=5)
        assert errors == ""
        assert out == ("done\n" if end == signal.SIGINT else "")
        assert process.returncode in (0, -signal.SIGTERM)


def test_serving_imports_no_training_library_and_no_pandas(home: Path) -> None:
    out, errors = run(FORBIDDEN, str(home)).communicate(timeout=20)
    assert (out.strip(), errors) == ("[]", "")


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux shows what a process has loaded")
def test_pages_and_files_load_no_pandas_either(home: Path) -> None:
    lists = [f"/v1/scores?format={form}" for form in ("csv", "ndjson", "parquet", "geojson", "hxl")]
    with running(home) as (process, address):
        for path in ("/", "/regions/MLI-mopti", "/track-record", "/ogc/collections", *lists):
            assert httpx.get(f"{address}{path}").status_code == 200, path
        loaded = Path(f"/proc/{process.pid}/maps").read_text()
    assert "pyarrow" in loaded
    assert "pandas" not in loaded


def test_a_port_in_use_is_refused_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(TocsinError) as refusal:
            serve(tmp_path, "127.0.0.1", port, print, Settings())
    message = str(refusal.value)
    assert str(port) in message
    assert "--port" in message
    assert "\n" not in message


def test_a_port_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TocsinError, match="no port 70000"):
        bind("127.0.0.1", 70_000)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(TocsinError, match=r"cannot listen on 192\.0\.2\.1"):
        bind("192.0.2.1", 0)


def test_small_answers_on_a_kept_connection_do_not_wait_for_acknowledgements(
    client: httpx.Client,
) -> None:
    client.get("/healthz")
    took = [client.get("/healthz").elapsed.total_seconds() for _ in range(20)]
    assert median(took) < 0.03
