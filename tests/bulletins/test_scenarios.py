from pathlib import Path

import pytest

from bulletins.folders import bulletin_folders
from bulletins.reading import read_manifests
from bulletins.scenarios import (
    SCENARIO_FILE,
    SCHEMAS,
    SCORES_FILE,
    read_scenario_manifest,
    read_scenario_table,
    scenario_folders,
)
from features.errors import BulletinError
from tests.bulletins.scenario_example import STATEMENTS, score_rows, write_example


def test_a_scenario_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = write_example(tmp_path)
    (folder,) = scenario_folders(tmp_path)
    assert read_scenario_manifest(folder) == written
    assert (folder.name, written.statements) == (written.id, STATEMENTS)
    for name, schema in SCHEMAS.items():
        assert read_scenario_table(folder, written, name).table.schema.equals(schema)
    scores = read_scenario_table(folder, written, SCORES_FILE).table.to_pylist()
    assert scores == score_rows()


def test_the_same_again_is_not_new_and_what_differs_has_another_id(tmp_path: Path) -> None:
    written = write_example(tmp_path)
    assert write_example(tmp_path) == written
    assert len(scenario_folders(tmp_path)) == 1
    other = write_example(tmp_path, STATEMENTS.model_copy(update={"name": "another"}))
    assert other.id != written.id
    assert len(scenario_folders(tmp_path)) == 2


def test_a_scenario_is_no_bulletin(tmp_path: Path) -> None:
    write_example(tmp_path)
    assert bulletin_folders(tmp_path) == []
    assert read_manifests(tmp_path) == ([], {})


def test_a_scenario_under_another_name_or_with_another_content_is_refused(tmp_path: Path) -> None:
    write_example(tmp_path)
    (folder,) = scenario_folders(tmp_path)
    moved = folder.rename(folder.with_name(f"hypothetical-{'1' * 12}"))
    with pytest.raises(BulletinError, match="is not what was written; move it away"):
        read_scenario_manifest(moved)
    folder = moved.rename(folder)
    text = (folder / SCENARIO_FILE).read_text()
    (folder / SCENARIO_FILE).write_text(text.replace('"hypothetical": true', '"hypothetical": 0'))
    with pytest.raises(BulletinError, match="not of the form"):
        read_scenario_manifest(folder)
