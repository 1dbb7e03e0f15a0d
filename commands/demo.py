"""A simulated world along the whole path."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from commands.bulletins import publish, record
from commands.environment import PROCESSORS, Jobs, Port
from commands.ingest import ingest_simulation
from commands.models import train
from commands.service import serve
from features.months import parse_month

ORIGINS = tuple(map(parse_month, ("2025-09", "2025-10", "2025-11", "2025-12")))
"""The last months of the simulated world: what changed, and what came true, shows only in time."""


def demo(
    port: Port = 8000,
    home: Annotated[Path, typer.Option(help="Folder that the demo may fill.")] = Path(".demo"),
    seed: Annotated[int, typer.Option(help="Which of the possible worlds.")] = 2,
    jobs: Jobs = PROCESSORS,
    serving: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve at the end.")] = True,
) -> None:
    """Take a simulated world along the whole path."""
    from experiments.configuration import DEMO

    os.environ["TOCSIN_HOME"] = str(home)
    os.environ["MLFLOW_TRACKING_URI"] = ""  # the store of the home, whatever the settings say
    os.environ["TOCSIN_EVENTS"] = os.environ["TOCSIN_BULLETINS"] = ""  # and shared with nobody
    print("1/5 simulating a world of invented armed groups in West Africa")
    ingest_simulation(seed)
    print("2/5 training: logistic regression against boosting, judged on past origins")
    train(origin=ORIGINS[0], config=DEMO, jobs=jobs)
    print("3/5 publishing what would have been said each month since")
    for origin in ORIGINS:
        publish(origin=origin, jobs=jobs)
    print("4/5 recording what came of it")
    record()
    tocsin = sys.argv[0]
    print("5/5 serving; to go on, in another terminal:")
    print(f"    export TOCSIN_HOME={home.resolve()}")
    print(f"    {tocsin} scores --country MLI\n    {tocsin} ui")
    if serving:
        serve(port=port)
