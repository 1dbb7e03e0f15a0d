"""Options that several commands have."""

from typing import Annotated

import typer

Month = Annotated[
    str | None, typer.Option("--origin", help="Last month that may be used, YYYY-MM.")
]
Day = Annotated[str | None, typer.Option("--as-of", help="Use what was public by this day.")]
History = Annotated[
    str | None, typer.Option("--history", help="Event history, if the archive holds several.")
]
Port = Annotated[int, typer.Option(help="Port to listen on.")]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Fits side by side; default: every processor.")
]
