"""The house stays one that can be lived in: small rooms, small files, nouns for names."""

import ast
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.paths import ROOT

PRODUCT = ("features", "models", "bulletins", "alerts", "experiments", "service", "commands")
MOST_MODULES, MOST_LINES, MOST_FUNCTION_LINES = 16, 330, 50
PARTICIPLE = re.compile(r"_?[A-Z][a-z]+ed|_?(Said|Kept|Written|Found|Told|Seen|Known|Given|Chosen)")
NOUNS = {"Acled"}


def tracked(pattern: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", pattern], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listing.stdout.split() if (ROOT / name).exists()]


SOURCES = [path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in PRODUCT]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}


def test_no_room_has_more_modules_than_can_be_remembered() -> None:
    rooms = Counter(path.parent for path in SOURCES if path.name != "__init__.py")
    assert {str(room): n for room, n in rooms.items() if n > MOST_MODULES} == {}


def test_every_room_says_what_it_owns() -> None:
    for path, tree in TREES.items():
        if path.name == "__init__.py":
            assert ast.get_docstring(tree), path
            assert len(tree.body) == 1, f"{path} holds more than a docstring"


def test_files_and_functions_fit_in_the_head() -> None:
    long_files = [path for path in SOURCES if len(path.read_text().splitlines()) > MOST_LINES]
    assert long_files == []
    functions = [
        f"{path}:{node.lineno}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MOST_FUNCTION_LINES
    ]
    assert functions == []


def test_no_class_is_a_bare_participle() -> None:
    classes = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and node.name not in NOUNS
        and PARTICIPLE.fullmatch(node.name)
    ]
    assert classes == []


def test_nothing_of_ours_is_renamed_on_import() -> None:
    renamed = [
        f"{path}:{node.lineno}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PRODUCT
        for name in node.names
        if name.asname
    ]
    assert renamed == []


@pytest.mark.parametrize("room", [*PRODUCT, "tools"])
def test_tests_mirror_the_tree(room: str) -> None:
    for path in tracked(f"tests/{room}/**/test_*.py") + tracked(f"tests/{room}/test_*.py"):
        place = ROOT / path.relative_to(ROOT / "tests").parent
        name = path.stem.removeprefix("test_")
        modules = {module.stem for module in place.iterdir() if module.suffix == ".py"}
        assert any(name == m or name.startswith(f"{m}_") for m in modules), path
