"""Run tocsin's commands in tests.

`tocsin` runs a command in the test's own process: the same code, arguments, environment, output and
exit code, without seconds of imports. `process` starts a real one, for what only that can show:
signals, sockets, and what is imported.
"""

import io
import json
import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from tocsin import main

COMMAND = str(Path(sys.executable).with_name("tocsin"))


class Outcome(NamedTuple):
    """What a command returned and printed."""

    returncode: int
    stdout: str
    stderr: str


def environment(home: Path | None, **changes: str) -> dict[str, str]:
    """The environment of a command; mlflow writes a store that another test opened into ours."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "TOCSIN_"))}
    return own | {"COLUMNS": "160"} | ({} if home is None else {"TOCSIN_HOME": str(home)}) | changes


def tocsin(home: Path | None, *arguments: str, cwd: Path | None = None, **changes: str) -> Outcome:
    """Run a command in this process."""
    output, errors, code = io.StringIO(), io.StringIO(), 0
    with (
        mock.patch.dict(os.environ, environment(home, **changes), clear=True),
        mock.patch.object(sys, "argv", [COMMAND, *arguments]),
        chdir(cwd or Path.cwd()),
        redirect_stdout(output),
        redirect_stderr(errors),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
    return Outcome(code, output.getvalue(), errors.getvalue())


def process(home: Path | None, *arguments: str, **changes: str) -> subprocess.Popen[str]:
    """Start a command as a process in a group of its own, its output in pipes."""
    return subprocess.Popen(
        [COMMAND, *arguments],
        env=environment(home, **changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def as_toml(content: dict[str, Any]) -> str:
    """Return settings as the TOML file of an experiment."""
    plain = {key: value for key, value in content.items() if not isinstance(value, dict)}
    lines = [f"{json.dumps(key)} = {_in_toml(value)}" for key, value in plain.items()]
    for name in content.keys() - plain.keys():
        lines.append(f"[{json.dumps(name)}]")
        lines += [f"{json.dumps(k)} = {_in_toml(v)}" for k, v in content[name].items()]
    return "\n".join(lines)


def _in_toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_in_toml(inner)}' for key, inner in value.items())}}}"
    return str(value) if isinstance(value, float) else json.dumps(value)
