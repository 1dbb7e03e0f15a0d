"""How quick the service is, beside a bare Starlette route that returns the same bytes.

    python tests/benchmarks/service.py HOME [--seconds 10] [--clients 50]

HOME holds bulletins. Each server is one process; the load comes from `wrk` (Debian's package of
that name) with one thread. The bare route answers from memory, so that the ratio is what everything
between the socket and the answer costs. Three kinds of load on `/v1/scores`:

* repeated: the same page of 100 scores again and again, as many clients ask it;
* distinct: pages of 100 scores that were never asked before, each with another lower bound;
* not modified: the same page, asked with its ETag.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

PAGE = "/v1/scores?target=instability&horizon=3&limit=100"

SERVICE = """
import sys
from pathlib import Path
from service.server import serve
from service.settings import Settings
tell = lambda address: print(address, flush=True)
serve(Path(sys.argv[1]), "127.0.0.1", 0, tell, Settings(max_age_days=36500))
"""

BARE = """
import sys, uvicorn
from pathlib import Path
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from service.server import bind
body = Path(sys.argv[1]).read_bytes()
async def page(request):
    return Response(body, media_type="application/json")
app = Starlette(routes=[Route("/v1/scores", page)])
listener = bind("127.0.0.1", 0)
config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", server_header=False)
print("http://127.0.0.1:%d" % listener.getsockname()[1], flush=True)
uvicorn.Server(config).run(sockets=[listener])
"""

DISTINCT = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", string.format("%s&min_probability=%.9f", wrk.path, n / 1e9))
end
"""

KNOWN = "wrk.headers[\"If-None-Match\"] = '{etag}'"


@contextmanager
def running(code: str, *arguments: str) -> Iterator[tuple[str, int]]:
    """A server; gives its address and process id."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process.pid
    finally:
        process.kill()
        process.wait()


def load(address: str, script: str, seconds: int, clients: int) -> dict[str, float]:
    """Return requests a second, the 50th and 99th percentile [ms], and errors."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "-s", file.name]
        out = subprocess.run([*command, address], capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    at = {p: re.search(rf"{p}%\s+([\d.]+)(us|ms|s)", out) for p in (50, 99)}
    unit = {"us": 1e-3, "ms": 1.0, "s": 1e3}
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    lost = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    return {
        "rate": float(rate[1]) if rate else 0.0,
        **{f"p{p}": float(m[1]) * unit[m[2]] if m else float("nan") for p, m in at.items()},
        "errors": (int(bad[1]) if bad else 0) + (sum(map(int, lost.groups())) if lost else 0),
    }


def resident_megabytes(process: int) -> float:
    """The memory that a process holds [MB]."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def server_milliseconds(address: str, path: str, repeats: int = 30) -> float:
    """The median time of an answer, asked alone over one connection, never asked before [ms]."""
    times = []
    with httpx.Client(base_url=address) as client:
        for number in range(repeats):
            begin = time.perf_counter()
            client.get(f"{path}&min_probability=0.{number:06d}1").raise_for_status()
            times.append(time.perf_counter() - begin)
    return sorted(times)[repeats // 2] * 1000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--clients", type=int, default=50)
    given = parser.parse_args()
    begin = time.perf_counter()
    with running(SERVICE, str(given.home)) as (address, process):
        httpx.get(f"{address}/readyz").raise_for_status()
        print(f"ready after {time.perf_counter() - begin:.2f} s", flush=True)
        first = httpx.get(address + PAGE)
        loads = {
            "repeated": "",
            "distinct": DISTINCT,
            "not modified": KNOWN.format(etag=first.headers["etag"]),
        }
        found = {
            name: load(address + PAGE, script, given.seconds, given.clients)
            for name, script in loads.items()
        }
        rows = server_milliseconds(address, "/v1/scores?limit=5000")
        bytes_told = len(first.content)
        print(f"resident {resident_megabytes(process):.0f} MB", flush=True)
        body = first.content
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        with running(BARE, file.name) as (address, _):
            bare = load(address + PAGE, "", given.seconds, given.clients)
    print(f"\nA page has {bytes_told:,} bytes; 5,000 rows take {rows:.1f} ms, client included.\n")
    print("| load | requests/s | of the bare route | 50 % [ms] | 99 % [ms] | errors |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, told in {"bare route": bare, **found}.items():
        print(
            f"| {name} | {told['rate']:,.0f} | {told['rate'] / bare['rate']:.2f} | "
            f"{told['p50']:.1f} | {told['p99']:.1f} | {told['errors']:.0f} |"
        )


if __name__ == "__main__":
    main()
