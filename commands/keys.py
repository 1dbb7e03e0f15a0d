"""Give and take back API keys."""

import typer

from commands.environment import home, today
from commands.rows import RowFormat, print_rows

app = typer.Typer(help="Give and take back the API keys of the service.", no_args_is_help=True)


@app.command("new")
def new_key(name: str) -> None:
    """Make a key for somebody and print it: it is stored nowhere, only its hash is."""
    from service.access.keys import KeyRing

    print(KeyRing(home()).add(name, today()))


@app.command("list")
def list_keys(row_format: RowFormat = None) -> None:
    """List who has a key, and since when."""
    from service.access.keys import KeyRing

    keys = KeyRing(home()).names()
    print_rows([{"name": key.name, "since": str(key.created)} for key in keys], row_format)


@app.command("revoke")
def revoke_key(name: str) -> None:
    """Take a key back; a running service refuses it from now on."""
    from service.access.keys import KeyRing

    KeyRing(home()).revoke(name)
    print(f"{name} has no key any more")
