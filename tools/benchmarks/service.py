"""How quick the service is, beside a bare Starlette route that returns the same bytes.

    python tools/benchmarks/service.py HOME [--seconds 10] [--rounds 3] [--clients 50]
        [--requests 100000]

HOME holds bulletins (`many_bulletins.py` makes many large ones). Each server is one process; the
load comes from `wrk` (Debian's package of that name) with one thread. The bare route answers from
memory, so that the ratio is what everything between the socket and the answer costs. Servers and
loads take turns, round after round: the table has the medians of the rounds, and the worst 99th
percentile. Three kinds of load on `/v1/scores`:

* repeated: the same page of 100 scores again and again, as many clients ask it;
* distinct: pages of 100 scores that were never asked before, each with another lower bound;
* not modified: the same page, asked with its ETag.

Last come so many requests of all kinds, never asked before, and what memory they leave behind.
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
from statistics import median

import httpx

PAGE = "/v1/scores?target=instability&horizon=3&limit=100"

SERVICE = """
import sys
from pathlib import Path
from service.server import serve
from service.settings import Settings
announce = lambda address: print(address, flush=True)
old = Settings(max_age_days=36500, max_origin_age_days=36500)
serve(Path(sys.argv[1]), "127.0.0.1", 0, announce, old)
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

NOT_MODIFIED = "wrk.headers[\"If-None-Match\"] = '{etag}'"

MIXED = """
local n, regions = 0, {{ {regions} }}
request = function()
  n = n + 1
  local region = regions[n % #regions + 1]
  if n % 4 > 0 then
    return wrk.format("GET", string.format("/v1/scores?region=%s&min_probability=%.9f", region,
      {offset} + n / 1e9))
  end
  local asked = {{"/v1/scores/%s", "/v1/regions/%s/history", "/v1/regions/%s?geometry=true"}}
  return wrk.format("GET", string.format(asked[math.floor(n / 4) % 3 + 1], region))
end
"""


@contextmanager
def running(code: str, *arguments: str) -> Iterator[tuple[str, int]]:
    """A server; gives its address and process id."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        # The memory of Arrow is the system's, as `tocsin serve` has it.
        env=os.environ
        | {"PYTHONPATH": str(Path(__file__).parents[2]), "ARROW_DEFAULT_MEMORY_POOL": "system"},
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
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
        command += ["-s", file.name]
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


def server_milliseconds(client: httpx.Client, path: str, repeats: int = 30) -> float:
    """The mean time of answers never asked before, as the server measures it [ms]."""
    begin = answer_seconds(client)
    for number in range(repeats):
        client.get(f"{path}&min_probability=0.{number:06d}1").raise_for_status()
    return (answer_seconds(client) - begin) / repeats * 1000


def answer_seconds(client: httpx.Client) -> float:
    """What the server has spent on `/v1/scores` up to now, by its own metrics [s]."""
    text = client.get("/metrics").text
    total = re.search(r'tocsin_request_seconds_sum\{route="/v1/scores"\} (\S+)', text)
    return float(total[1]) if total else 0.0


def print_table(rounds: list[dict[str, dict[str, float]]]) -> None:
    """Print medians of the rounds, and shares of the bare route in the same round."""
    print("| load | requests/s | of the bare route | 50 % [ms] | 99 % at worst [ms] | errors |")
    print("|---|--:|--:|--:|--:|--:|")
    for name in rounds[0]:
        turns = [turn[name] for turn in rounds]
        shares = sorted(turn[name]["rate"] / turn["bare route"]["rate"] for turn in rounds)
        print(
            f"| {name} | {median(t['rate'] for t in turns):,.0f} | {median(shares):.2f} "
            f"({shares[0]:.2f} to {shares[-1]:.2f}) | {median(t['p50'] for t in turns):.1f} | "
            f"{max(t['p99'] for t in turns):.1f} | {sum(t['errors'] for t in turns):.0f} |"
        )


def watch_memory(client: httpx.Client, process: int, requests: int, clients: int) -> None:
    """Print what the process holds while so many requests of all kinds are answered [MB]."""
    regions = client.get("/v1/regions?limit=1000").raise_for_status().json()["items"]
    names = ", ".join(f'"{region["id"]}"' for region in regions)
    done, errors, sizes = 0.0, 0.0, []
    while done < requests:
        script = MIXED.format(regions=names, offset=done / 1e9)
        measured = load(str(client.base_url), script, 5, clients)
        done += measured["rate"] * 5
        errors += measured["errors"]
        sizes.append(f"{resident_megabytes(process):.0f} MB after {done:,.0f}")
    print(f"\nrequests of all kinds: {'; '.join(sizes)}; {errors:.0f} errors")


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--requests", type=int, default=100_000)
    options = parser.parse_args()
    begin = time.perf_counter()
    with (
        running(SERVICE, str(options.home)) as (address, process),
        tempfile.TemporaryDirectory() as t,
    ):
        httpx.get(f"{address}/readyz").raise_for_status()
        print(f"ready after {time.perf_counter() - begin:.2f} s", flush=True)
        page = httpx.get(address + PAGE, headers={"Accept-Encoding": "identity"})
        body = Path(t) / "page"
        body.write_bytes(page.content)
        with running(BARE, str(body)) as (bare, _), httpx.Client(base_url=address) as client:
            rows = server_milliseconds(client, "/v1/scores?limit=5000")
            print(f"5,000 rows in {rows:.1f} ms; a page has {len(page.content):,} bytes\n")
            loads = {
                "bare route": (bare, ""),
                "repeated": (address, ""),
                "distinct": (address, DISTINCT),
                "not modified": (address, NOT_MODIFIED.format(etag=page.headers["etag"])),
            }
            turns = [
                {
                    name: load(server + PAGE, script, options.seconds, options.clients)
                    for name, (server, script) in loads.items()
                }
                for _ in range(options.rounds)
            ]
            print_table(turns)
            watch_memory(client, process, options.requests, options.clients)


if __name__ == "__main__":
    main()
