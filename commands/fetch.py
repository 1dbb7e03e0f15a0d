"""Download what sources have published."""

import os
from pathlib import Path
from typing import Annotated

import typer

from commands.environment import Day, today, working

fetch = typer.Typer(help="Download what a source has published.", no_args_is_help=True)


@fetch.command("ucdp")
def fetch_ucdp(
    releases: Annotated[
        list[str] | None,
        typer.Argument(help="24.1, 24.0.10 ...; default: all that a forecast of today needs."),
    ] = None,
    folder: Annotated[Path, typer.Option("--to", help="Folder for the files.")] = Path("downloads"),
    api: Annotated[
        bool, typer.Option("--api", help="From UCDP's API, with the token in UCDP_ACCESS_TOKEN.")
    ] = False,
    as_of: Day = None,
    files: Annotated[str | None, typer.Option(help="Another address of UCDP's downloads.")] = None,
) -> None:
    """Download UCDP GED and Candidate releases, unless they are there and have not changed."""
    with working("looking what is due"):
        from importlib.metadata import version

        from features.errors import InputError
        from features.sources.fetching.transport import NotThereError, Transport
        from features.sources.fetching.ucdp import FILES, due_releases, fetch_release

    token = os.environ.get("UCDP_ACCESS_TOKEN") or None
    if api and token is None:
        raise InputError("UCDP's API wants a token: set UCDP_ACCESS_TOKEN, or leave out --api")
    names = releases or due_releases(as_of or today())
    folder.mkdir(parents=True, exist_ok=True)
    client = Transport(user_agent=f"tocsin/{version('tocsin')}")
    for release in names:
        try:
            with working(f"fetching {release}"):
                file = fetch_release(
                    release, folder, client, token=token if api else None, files=files or FILES
                )
        except NotThereError as error:
            if releases or release != names[-1]:
                raise
            print(f"{release}: not yet there ({error})")
            continue
        state = "already there" if file.was_there else f"{file.bytes:,} bytes"
        print(f"{file.path}: {state}" + (f"; {file.remark}" if file.remark else ""))
