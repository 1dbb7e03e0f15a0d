"""Show and serve what was published, and give and take back the keys of the service."""

import os
import sys
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from commands.environment import Port, SettingsFile, home, simulated_mark, today, working
from commands.rows import RowFormat, print_rows
from commands.stores import open_own_store, pull_bulletins, shared_bulletins

if TYPE_CHECKING:
    import subprocess

    from bulletins.manifest import Manifest
    from experiments.tracking.store import MlflowStore
    from service.api.schemas import BulletinSummary

Text = str | None
Texts = list[str] | None

key = typer.Typer(help="Give and take back the API keys of the service.", no_args_is_help=True)


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; default: this machine alone.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default: 8000.")] = None,
    _settings: SettingsFile = None,
) -> None:
    """Serve the bulletins over HTTP."""
    # Arrow's own allocator keeps 40 MB of freed memory; it is chosen when Arrow is imported.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    from commands.settings import read_settings
    from service import server

    settings = read_settings(host=host, port=port)
    needs_key = server.needs_keys(settings, settings.host)
    announce = partial(_announce, needs_key=needs_key)
    server.serve(home(), settings.host, settings.port, announce, settings, shared_bulletins())


def scores(
    country: Annotated[Texts, typer.Option(help="Name or ISO 3166-1 code.")] = None,
    region: Annotated[Texts, typer.Option(help="Region id.")] = None,
    level: Annotated[Text, typer.Option(help="country, admin1 or priogrid.")] = None,
    target: Annotated[Text, typer.Option(help="What is forecast; default: instability.")] = None,
    horizon: Annotated[Texts, typer.Option(help="Months ahead: 3, 1-6 or 1,3,6.")] = None,
    target_month: Annotated[Texts, typer.Option(help="Month of the forecast, YYYY-MM.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Deaths: how likely so many?")] = None,
    min_probability: Annotated[float | None, typer.Option(help="Scores at least so high.")] = None,
    risk_level: Annotated[Texts, typer.Option(help="low to critical.")] = None,
    bbox: Annotated[Text, typer.Option(help="West,south,east,north edge [degrees].")] = None,
    bulletin: Annotated[Text, typer.Option(help="Id of a bulletin; default: the newest.")] = None,
    origin: Annotated[Text, typer.Option(help="Its last observed month, YYYY-MM.")] = None,
    as_of: Annotated[Text, typer.Option(help="Issued by this day, YYYY-MM-DD.")] = None,
    sort: Annotated[Text, typer.Option(help="Column, after - downwards.")] = None,
    limit: Annotated[int, typer.Option(help="Rows, at most.")] = 25,
    url: Annotated[Text, typer.Option(help="Ask the service at this address.")] = None,
    key: Annotated[Text, typer.Option(help="API key of that service.")] = None,
    row_format: RowFormat = None,
) -> None:
    """Print the top of the newest bulletin, at hand or of a running service.

    One row a region, at the nearest horizon unless others or months are named.
    """
    from commands.settings import read_settings
    from features.words import DISTRIBUTIONS
    from service.terminal import remote_scores, score_rows, top_scores

    target = target or ("instability" if threshold is None else "fatalities")
    column = "mean" if target in DISTRIBUTIONS else "probability"
    usual_sort = f"-{column if threshold is None else 'exceedance'}"
    filters = {
        "country": country, "region": region, "level": level, "target": target, "horizon": horizon,
        "target_month": target_month, "threshold": threshold, "min_probability": min_probability,
        "risk_level": risk_level, "bbox": bbox, "bulletin": bulletin, "origin": origin,
        "as_of": as_of, "sort": sort or usual_sort, "limit": limit,
    }  # fmt: skip
    given = {name: value for name, value in filters.items() if value is not None}
    settings = read_settings(url=url, api_key=key)
    summary: Manifest | BulletinSummary
    if settings.url:
        summary, top = remote_scores(settings.url, settings.api_key or None, **given)
    else:
        pull_bulletins()
        summary, top = top_scores(home(), **given)
    mark = simulated_mark(simulated=summary.simulated)
    title = f"{mark}bulletin {summary.id}, origin {summary.origin}: {target}"
    print_rows(score_rows(top), row_format, title, unseen=["target"])


def ui(port: Port = 5000) -> None:
    """Open the MLflow UI on the experiments."""
    import signal
    import subprocess
    import threading

    with working("opening the MLflow store"):
        from experiments.tracking.store import OURS, VIEW, VIEW_TAG, is_server

        store = open_own_store(is_read=True)
    if is_server(store.uri):
        print(f"MLflow UI on {store.uri}")
        return
    address = f"http://127.0.0.1:{port}"
    # A session of its own keeps Ctrl-C from the server, which would print tracebacks.
    with subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server"],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | _server_settings(store, port),
    ) as server:
        threading.Thread(target=_pass_on, args=(server.stderr,), daemon=True).start()
        # polars, which MLflow imports where it is, lets waiting go on after Ctrl-C.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        try:
            with working("starting the MLflow UI"):
                has_begun = _answers(f"{address}/health", server)
            if has_begun:
                print(f"MLflow UI on {address} (Ctrl-C stops it)", flush=True)
                ours = store.client().search_experiments(filter_string=OURS)
                for experiment in ours:
                    path = f"#/experiments/{experiment.experiment_id}/runs"
                    view = f"&viewStateShareKey={VIEW}" if VIEW_TAG in experiment.tags else ""
                    runs = f"{address}/{path}?workflowType=machine_learning{view}"
                    print(f"    {experiment.name}: {runs}", flush=True)
            server.wait()
        except KeyboardInterrupt:
            os.killpg(server.pid, signal.SIGTERM)
            return
    raise SystemExit(server.returncode)


@key.command("new")
def new_key(name: str) -> None:
    """Make a key for somebody and print it: it is stored nowhere, only its hash is."""
    from service.access.keys import KeyRing

    print(KeyRing(home()).add(name, today()))


@key.command("list")
def list_keys(row_format: RowFormat = None) -> None:
    """List who has a key, and since when."""
    from service.access.keys import KeyRing

    keys = KeyRing(home()).names()
    print_rows([{"name": one.name, "since": str(one.created)} for one in keys], row_format)


@key.command("revoke")
def revoke_key(name: str) -> None:
    """Take a key back; a running service refuses it from now on."""
    from service.access.keys import KeyRing

    KeyRing(home()).revoke(name)
    print(f"{name} has no key any more")


def _server_settings(store: "MlflowStore", port: int) -> dict[str, str]:
    """Return what MLflow's server reads; arguments could be read by other users of the machine."""
    return {
        "MLFLOW_BACKEND_STORE_URI": store.uri,
        "MLFLOW_REGISTRY_STORE_URI": store.uri,
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": store.root,
        "MLFLOW_HOST": "127.0.0.1",
        "MLFLOW_PORT": str(port),
        "MLFLOW_WORKERS": "1",
        "MLFLOW_UVICORN_OPTS": "--log-level warning",
        "MLFLOW_LOGGING_LEVEL": "ERROR",
        "PYTHONWARNINGS": "ignore",
        # Its jobs, which nothing here needs, would be seven more processes.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def _pass_on(lines: Iterable[str]) -> None:
    """Pass on what the server complains of, and not that it is as it should be."""
    for line in lines:
        if not line.startswith("[MLflow] Security middleware enabled"):
            sys.stderr.write(line)


def _answers(url: str, server: "subprocess.Popen[str]") -> bool:
    """Wait until an address answers, and return True; False if its server ends before."""
    import time
    from urllib.error import URLError
    from urllib.request import urlopen

    while server.poll() is None:
        try:
            with urlopen(url, timeout=1):  # noqa: S310
                return True
        except (URLError, OSError):
            time.sleep(0.2)
    return False


def _announce(address: str, *, needs_key: bool) -> None:
    print(f"serving on {address}", flush=True)
    for path in ("/", "/docs", "/v1/scores?level=admin1&target=instability&limit=5"):
        print(f"    {address}{path}", flush=True)
    if needs_key:
        print("    requests need an API key: make one with `tocsin key new NAME`", flush=True)
