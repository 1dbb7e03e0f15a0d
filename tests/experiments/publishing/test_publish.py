import errno
import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bulletins.form import DRIVERS_SCHEMA, INDICATORS_FILE, SCORES_SCHEMA
from bulletins.manifest import Manifest
from bulletins.reading import read_indicators, read_manifest
from bulletins.signs import SIGNS_SCHEMAS
from bulletins.writing import sealed
from experiments.publishing.earlier import read_bulletin
from experiments.publishing.publish import Publication, issue_bulletin, replay_bulletin
from experiments.publishing.scores import LevelForecast, scores_of
from experiments.samples import samples_for
from experiments.tracking.registry import CARD_FILE, ModelVersion, load_forecaster, model_version
from experiments.tracking.store import MlflowStore, open_store
from features.archive.releases import Archive
from features.archive.vintage import Vintage, open_vintage
from features.errors import BulletinError, CoverageError, ModelError
from features.hashes import sha256_of
from features.indicators.catalogue import CATALOGUE
from features.months import parse_month
from features.panel.panel import Panel
from features.sources.simulation.world import World, deliver
from features.words import QUANTILES, quantile_column
from models.explanation import log_odds
from service.store.bulletins import BulletinStore
from tests.targets import SOME_AHEAD

ISSUED = datetime(2025, 1, 20, 6, tzinfo=UTC)
FILES = {
    *SIGNS_SCHEMAS,
    "card-admin1.md",
    "distributions.parquet",
    "drivers.parquet",
    "history.parquet",
    "indicator_series.parquet",
    "indicators.json",
    "manifest.json",
    "regions.parquet",
    "report-admin1.html",
    "scores.parquet",
    "unscored.parquet",
}
KEYS = ["level", "region", "target", "horizon"]
Issued = tuple[Manifest, pd.DataFrame]
"""A bulletin's manifest and scores."""
DEATHS = ["mean", *map(quantile_column, QUANTILES)]


def issue(
    home: Path,
    vintage: Vintage,
    origin: str | None = "2023-12",
    *,
    issued_at: datetime = ISSUED,
    code: str = "1.2.3+abc",
    jobs: int = 1,
) -> Publication:
    month, store = None if origin is None else parse_month(origin), open_store(home, None)
    return issue_bulletin(vintage, store, home, month, issued_at=issued_at, code=code, jobs=jobs)


def replay(home: Path, archive: Archive, bulletin: str, jobs: int = -1) -> Manifest:
    return replay_bulletin(archive, open_store(home, None), home, bulletin, jobs=jobs)


def home_with(
    trained: Path, vintage: Vintage, folders: pytest.TempPathFactory, *origins: str
) -> Path:
    """Return a copy of a trained home with the bulletins of some origins."""
    home = Path(shutil.copytree(trained, folders.mktemp("issued") / "home"))
    assert all(issue(home, vintage, origin).is_new for origin in origins)
    return home


def forge(home: Path, issued: Manifest, **changes: object) -> str:
    """Let a bulletin say something else, under the id of that; return it."""
    forged, content = sealed(issued.model_copy(update=changes))
    place = (home / "bulletins" / issued.id).rename(home / "bulletins" / forged.id)
    (place / "manifest.json").write_bytes(content)
    return forged.id


def as_of_old(home: Path, issued: Manifest) -> Manifest:
    """Make a bulletin one from before its id followed from its content."""
    place = home / "bulletins" / issued.id / "manifest.json"
    files = {name: digest for name, digest in issued.files.items() if name != INDICATORS_FILE}
    models = tuple(model.model_copy(update={"sha256": None}) for model in issued.models)
    changes = {"format": 1, "files": files, "models": models, "chain": None}
    old = issued.model_copy(update=changes)
    place.write_text(old.model_dump_json())
    return old


def files_in(home: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in (home / "bulletins").rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def issued_home(trained: Path, vintage: Vintage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained home with the bulletin of December 2023; not to be changed."""
    return home_with(trained, vintage, tmp_path_factory, "2023-12")


@pytest.fixture
def issued(issued_home: Path) -> Issued:
    return read_bulletin(issued_home, None)


@pytest.fixture
def own_issued_home(issued_home: Path, tmp_path: Path) -> Path:
    """A copy of that home that a test may change."""
    return Path(shutil.copytree(issued_home, tmp_path / "issued"))


@pytest.fixture(scope="module")
def followed_home(
    trained: Path, vintage: Vintage, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A trained home with bulletins of December, January and March; not to be changed."""
    return home_with(trained, vintage, tmp_path_factory, "2023-12", "2024-03", "2024-01")


@pytest.fixture
def own_followed_home(followed_home: Path, tmp_path: Path) -> Path:
    """A copy of that home that a test may change."""
    return Path(shutil.copytree(followed_home, tmp_path / "followed"))


@pytest.fixture(scope="module")
def older_home(trained: Path, vintage: Vintage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained home with bulletins of August and December; not to be changed."""
    return home_with(trained, vintage, tmp_path_factory, "2023-08", "2023-12")


def test_a_bulletin_lists_the_catalogue_of_its_day(issued_home: Path) -> None:
    (folder,) = (issued_home / "bulletins").iterdir()
    listed = read_indicators(folder, read_manifest(folder))
    for result, known in zip(listed, CATALOGUE, strict=True):
        for field in ("name", "meaning", "unit", "family", "source"):
            assert getattr(result, field) == getattr(known, field)
        assert set(result.needs) == set(known.needs)
        assert known.lowest == (-np.inf if result.lowest is None else result.lowest)
        assert known.highest == (np.inf if result.highest is None else result.highest)


def test_a_bulletin_from_before_indicators_were_listed_is_as_good_as_ever(
    own_issued_home: Path, issued: Issued, vintage: Vintage, archive: Archive
) -> None:
    manifest = as_of_old(own_issued_home, issued[0])
    (own_issued_home / "bulletins" / manifest.id / "indicators.json").unlink()
    before = files_in(own_issued_home)
    assert not issue(own_issued_home, vintage).is_new
    assert read_bulletin(own_issued_home, manifest.id)[0] == manifest
    assert replay(own_issued_home, archive, manifest.id) == manifest
    assert files_in(own_issued_home) == before


def test_a_bulletin_is_issued_once_and_is_the_same_in_every_home(
    own_home: Path, issued_home: Path, vintage: Vintage
) -> None:
    first = issue(own_home, vintage)
    before = files_in(own_home)
    mine, theirs = (
        {path.relative_to(home): content for path, content in files_in(home).items()}
        for home in (own_home, issued_home)
    )
    assert mine == theirs
    again = issue(own_home, vintage, issued_at=datetime(2025, 6, 1, tzinfo=UTC), code="9.9.9+def")
    assert (first.is_new, again.is_new) == (True, False)
    assert again.manifest == first.manifest
    assert files_in(own_home) == before
    assert {path.name for path in before} == FILES


def test_another_origin_is_another_bulletin(followed_home: Path) -> None:
    ids = {folder.name for folder in (followed_home / "bulletins").iterdir()}
    assert {id_[:7] for id_ in ids} == {"2023-12", "2024-01", "2024-03"}


def test_before_the_champion_was_trained_an_older_version_issues_the_scores(
    older_home: Path,
) -> None:
    (model,) = manifests(older_home)["2023-08"].models
    assert (model.version, model.trained_to) == (4, "2023-06")


def test_the_manifest_says_what_the_scores_are(issued_home: Path, issued: Issued) -> None:
    manifest, scores = issued
    content = (issued_home / "bulletins" / manifest.id / "scores.parquet").read_bytes()
    assert manifest.rows == len(scores)
    assert manifest.scores_sha256 == sha256_of(content)
    assert manifest.origin == "2023-12"
    assert manifest.issued_at == ISSUED
    assert manifest.code == "1.2.3+abc"
    assert manifest.simulated
    assert manifest.levels == ("admin1",)
    assert manifest.thresholds == {"admin1": 5}
    (release,) = manifest.vintage.releases
    assert (release.source, release.release) == ("simulation", "seed-2-2024-12")
    (model,) = manifest.models
    assert (model.name, model.version, model.trained_to) == ("tocsin-admin1", 1, "2023-12")
    assert set(model.skill) == {"instability", "escalation", "onset"}


def test_the_service_takes_the_bulletin(issued_home: Path) -> None:
    bulletin = BulletinStore(issued_home).get("latest")
    assert bulletin.manifest == read_bulletin(issued_home, None)[0]


def test_scores_have_the_agreed_columns_and_order(issued_home: Path, issued: Issued) -> None:
    manifest, scores = issued
    file = issued_home / "bulletins" / manifest.id / "scores.parquet"
    assert pq.read_schema(file).equals(SCORES_SCHEMA)
    assert not scores.duplicated(KEYS).any()
    pd.testing.assert_frame_equal(scores, scores.sort_values(KEYS, ignore_index=True))
    assert set(scores["model_version"]) == {"tocsin-admin1/1"}


def test_every_region_has_every_score_but_onset_which_only_quiet_ones_have(
    issued: Issued, panel: Panel
) -> None:
    scores = issued[1]
    row = panel.row(parse_month("2023-12"))
    quiet = panel.regions.ids[(panel.total_deaths[row - 23 : row + 1] == 0).all(axis=0)]
    assert 0 < len(quiet) < len(panel.regions)
    for target, horizons in SOME_AHEAD.items():
        own = scores[scores["target"] == target]
        regions = quiet if target == "onset" else panel.regions.ids
        expected = {(str(r), h) for r in regions for h in horizons}
        assert set(zip(own["region"], own["horizon"], strict=True)) == expected


def test_one_distribution_gives_probability_mean_and_quantiles(issued: Issued) -> None:
    scores = issued[1].set_index(["region", "horizon"])
    deaths = scores[scores["target"] == "fatalities"]
    instability = scores[scores["target"] == "instability"]
    assert deaths["probability"].equals(instability["probability"])
    quantiles = deaths[DEATHS[1:]].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (quantiles >= 0).all()
    reached = quantiles >= deaths["threshold"].to_numpy()[:, None]
    beyond = 1 - np.array(QUANTILES)
    likely = deaths["probability"].to_numpy()[:, None] > beyond[None, :]
    np.testing.assert_array_equal(reached, likely)
    assert deaths[DEATHS].notna().all(axis=None)
    assert scores.loc[scores["target"] != "fatalities", DEATHS].isna().all(axis=None)
    assert scores["probability"].between(0, 1).all()


def test_a_score_says_what_must_be_reached_and_when(issued: Issued, panel: Panel) -> None:
    scores = issued[1]
    row = panel.row(parse_month("2023-12"))
    year = dict(
        zip(panel.regions.ids, panel.total_deaths[row - 11 : row + 1].mean(axis=0), strict=True)
    )
    for target, region, reach in scores[["target", "region", "threshold"]].itertuples(index=False):
        own = {"onset": 1.0, "escalation": max(5.0, 2 * year[region])}
        assert reach == pytest.approx(own.get(target, 5.0))
    last = scores[scores["horizon"] == 12]
    assert set(last["target_month"]) == {"2024-12"}
    assert set(scores.loc[scores["horizon"] == 1, "target_month"]) == {"2024-01"}


def test_a_region_whose_coverage_ended_has_no_score(
    store: MlflowStore, best: ModelVersion, panel: Panel
) -> None:
    forecaster = load_forecaster(store, best)
    origin = parse_month("2023-12")
    niger = (panel.regions.table["country"] == "NER").to_numpy()
    observed, deaths, events = panel.observed.copy(), panel.deaths.copy(), panel.events.copy()
    end = panel.row(origin) - 1
    observed[end:, niger] = False
    deaths[:, end:, niger] = np.nan
    events[:, end:, niger] = np.nan
    ended = replace(panel, observed=observed, deaths=deaths, events=events).until(origin)
    samples = samples_for(forecaster, ended, origin)
    model = model_version(store, "admin1", 1)
    scores = scores_of(LevelForecast(ended, model, forecaster, samples))
    assert set(scores["country"]) == {"BFA", "MLI"}
    assert scores["probability"].notna().all()


def test_a_level_whose_models_may_not_issue_scores_is_left_out_and_said_to_be(
    own_home: Path, vintage: Vintage
) -> None:
    client = open_store(own_home, None).client()
    client.create_registered_model("tocsin-country")
    tags = {"learner": "logistic", "trained_to": "2023-12", "gate": "refused", "simulated": "true"}
    tags |= {"history": "simulation", "summary_events": "spread"}
    client.create_model_version("tocsin-country", "somewhere", tags=tags)
    published = issue(own_home, vintage)
    assert published.manifest.levels == ("admin1",)
    (reason,) = published.manifest.left_out
    assert reason.startswith("no country model trained on months to 2023-12 only has passed")


def test_without_any_model_there_is_no_bulletin(tmp_path: Path, vintage: Vintage) -> None:
    with pytest.raises(ModelError, match=r"no model is registered in .*: run `tocsin train` first"):
        issue(tmp_path, vintage)


def test_an_origin_before_every_model_is_refused(own_home: Path, vintage: Vintage) -> None:
    with pytest.raises(ModelError, match="no admin1 model trained on months to 2023-05 only"):
        issue(own_home, vintage, "2023-05")


def test_an_origin_after_the_events_is_refused(own_home: Path, vintage: Vintage) -> None:
    with pytest.raises(CoverageError, match="not 2025-01"):
        issue(own_home, vintage, "2025-01")


def test_models_of_simulated_events_never_score_real_ones(own_home: Path, vintage: Vintage) -> None:
    releases = (release.model_copy(update={"simulated": False}) for release in vintage.releases)
    with pytest.raises(
        ModelError,
        match="learned from simulated 'simulation' events and these are real 'simulation'",
    ):
        issue(own_home, replace(vintage, releases=tuple(releases)))
    assert not (own_home / "bulletins").exists()


def test_a_crash_before_the_last_step_leaves_nothing_to_be_seen(
    own_home: Path, vintage: Vintage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(self: Path, target: Path) -> Path:
        assert {p.name for p in self.iterdir()} == FILES
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", crash)
        with pytest.raises(BulletinError, match=r"Input/output error.*nothing was published"):
            issue(own_home, vintage)
    assert list((own_home / "bulletins").iterdir()) == []
    assert issue(own_home, vintage).is_new


def test_of_two_that_publish_at_once_the_first_one_stands(
    own_home: Path, issued_home: Path, vintage: Vintage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def overtaken(self: Path, target: Path) -> Path:
        shutil.copytree(issued_home / "bulletins" / target.name, target)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", overtaken)
    published = issue(own_home, vintage)
    assert not published.is_new
    assert published.manifest == read_bulletin(issued_home, None)[0]
    assert len(list((own_home / "bulletins").iterdir())) == 1


def test_what_a_killed_process_left_behind_is_seen_by_nobody(
    issued_home: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(issued_home / "bulletins", home / "bulletins")
    (whole,) = (home / "bulletins").iterdir()
    hidden = home / "bulletins" / ".tmpk1ll3d" / "2024-06-0123456789ab"
    shutil.copytree(whole, hidden)
    (hidden / "scores.parquet").write_bytes(b"half")
    assert read_bulletin(home, None)[0].id == whole.name
    assert [*BulletinStore(home).listing.manifests] == [whole.name]


def test_a_folder_that_cannot_be_written_is_said_to_be(own_home: Path, vintage: Vintage) -> None:
    (own_home / "bulletins").write_text("in the way")
    with pytest.raises(BulletinError, match="cannot be listed"):
        issue(own_home, vintage)


def test_a_bulletin_is_read_by_its_id_or_as_the_newest(followed_home: Path, issued: Issued) -> None:
    assert read_bulletin(followed_home, None)[0].origin == "2024-03"
    assert read_bulletin(followed_home, issued[0].id)[0] == issued[0]
    with pytest.raises(BulletinError, match=r"no bulletin 2023-12-0{12} in .*: see `tocsin b"):
        read_bulletin(followed_home, "2023-12-000000000000")


def test_without_a_bulletin_there_is_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(BulletinError, match="run `tocsin publish` first"):
        read_bulletin(tmp_path, None)


@pytest.mark.parametrize("name", ["scores.parquet", "manifest.json"])
@pytest.mark.parametrize("damage", [b"", b"nonsense"])
def test_a_damaged_bulletin_is_refused(
    issued_home: Path, tmp_path: Path, name: str, damage: bytes
) -> None:
    shutil.copytree(issued_home / "bulletins", tmp_path / "bulletins")
    (file,) = tmp_path.glob(f"bulletins/*/{name}")
    file.write_bytes(damage)
    with pytest.raises(BulletinError, match="publish"):
        read_bulletin(tmp_path, None)
    file.unlink()
    with pytest.raises(BulletinError, match="publish"):
        read_bulletin(tmp_path, None)


def test_what_was_said_on_a_day_is_said_again_however_much_was_revised_since(
    own_home: Path, world: World, tmp_path: Path
) -> None:
    archive, day = Archive(tmp_path), date(2024, 3, 20)
    archive.add(deliver(world, date(2024, 3, 15)))
    first = issue(own_home, open_vintage(archive, day)).manifest
    scores = (own_home / "bulletins" / first.id / "scores.parquet").read_bytes()
    shutil.rmtree(own_home / "bulletins")
    later = deliver(world, date(2024, 6, 15))
    archive.add(replace(later, events=later.events.assign(best=later.events["best"] * 2 + 1)))
    again = issue(own_home, open_vintage(archive, day)).manifest
    assert again == first
    assert (own_home / "bulletins" / first.id / "scores.parquet").read_bytes() == scores
    assert replay(own_home, archive, first.id) == first
    revised = issue(own_home, open_vintage(archive, date(2024, 7, 1))).manifest
    assert revised.scores_sha256 != first.scores_sha256


def test_a_bulletin_can_be_computed_again_bit_for_bit(
    issued_home: Path, issued: Issued, archive: Archive
) -> None:
    assert replay(issued_home, archive, issued[0].id) == issued[0]


def test_a_replay_needs_the_releases_as_they_were(
    issued_home: Path, issued: Issued, tmp_path: Path
) -> None:
    with pytest.raises(BulletinError, match="computed from simulation seed-2-2024-12, which"):
        replay(issued_home, Archive(tmp_path), issued[0].id)


def test_a_replay_that_comes_out_otherwise_is_told(
    own_issued_home: Path, issued: Issued, archive: Archive
) -> None:
    folder = own_issued_home / "bulletins" / issued[0].id
    scores = pq.read_table(folder / "scores.parquet")
    probability = np.where(np.arange(len(scores)) == 7, 0.5, scores["probability"].to_numpy())
    place = scores.schema.get_field_index("probability")
    pq.write_table(
        scores.set_column(place, scores.schema.field(place), pa.array(probability)),
        folder / "scores.parquet",
    )
    content = (folder / "scores.parquet").read_bytes()
    forged = forge(own_issued_home, issued[0], scores_sha256=sha256_of(content))
    message = r"comes out otherwise \(scores.parquet\): it was issued by 1\.2\.3"
    with pytest.raises(BulletinError, match=message):
        replay(own_issued_home, archive, forged)


def test_the_report_and_the_model_card_are_those_of_the_training(
    issued_home: Path, issued: Issued
) -> None:
    store, folder = open_store(issued_home, None), issued_home / "bulletins" / issued[0].id
    (model,) = issued[0].models
    parent = store.client().get_run(model.run_id).data.tags["mlflow.parentRunId"]
    logged = issued_home / "artifacts" / "admin1" / parent / "artifacts"
    for name, logged_as in (("report-admin1.html", "report.html"), ("card-admin1.md", CARD_FILE)):
        assert (folder / name).read_bytes() == (logged / logged_as).read_bytes()
        assert issued[0].files[name] == sha256_of((folder / name).read_bytes())


def test_a_replay_compares_report_and_card(
    own_issued_home: Path, issued: Issued, archive: Archive
) -> None:
    (model,) = issued[0].models
    parent = open_store(own_issued_home, None).client().get_run(model.run_id)
    run = parent.data.tags["mlflow.parentRunId"]
    (own_issued_home / "artifacts" / "admin1" / run / "artifacts" / CARD_FILE).unlink()
    with pytest.raises(BulletinError, match=r"comes out otherwise \(card-admin1.md\)"):
        replay(own_issued_home, archive, issued[0].id)


def test_a_replay_compares_what_is_written_no_more_by_its_hash(
    own_issued_home: Path, issued: Issued, archive: Archive
) -> None:
    name, content = "indicator_values.parquet", b"of an older bulletin"
    files = issued[0].files | {name: sha256_of(content)}
    (own_issued_home / "bulletins" / issued[0].id / name).write_bytes(content)
    forged = forge(own_issued_home, issued[0], files=files)
    assert replay(own_issued_home, archive, forged).files == files
    (own_issued_home / "bulletins" / forged / name).write_bytes(b"another")
    with pytest.raises(BulletinError, match=name):
        replay(own_issued_home, archive, forged)


def test_a_replay_compares_the_risk_levels(
    own_issued_home: Path, issued: Issued, archive: Archive
) -> None:
    first, *others = issued[0].risk_scales
    other = first.model_copy(update={"base_rate": first.base_rate + 2**-40})
    forged = forge(own_issued_home, issued[0], risk_scales=(other, *others))
    with pytest.raises(BulletinError, match=r"comes out otherwise \(risk levels\)"):
        replay(own_issued_home, archive, forged)


def drivers_in(home: Path, bulletin: str) -> pd.DataFrame:
    return pd.read_parquet(home / "bulletins" / bulletin / "drivers.parquet")


def manifests(home: Path) -> dict[str, Manifest]:
    ids = [folder.name for folder in (home / "bulletins").iterdir()]
    return {id_[:7]: read_bulletin(home, id_)[0] for id_ in ids}


def test_drivers_have_the_agreed_columns_and_order(issued_home: Path, issued: Issued) -> None:
    file = issued_home / "bulletins" / issued[0].id / "drivers.parquet"
    assert pq.read_schema(file).equals(DRIVERS_SCHEMA)
    assert sha256_of(file.read_bytes()) == issued[0].drivers_sha256
    drivers = pd.read_parquet(file)
    ordered = drivers.sort_values(KEYS, kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(drivers, ordered)
    kinds = drivers.groupby(KEYS, sort=False)["kind"].agg(" ".join).unique()
    plain = "score baseline family family family"  # no revision: nothing came before
    assert set(kinds) <= {plain + " indicator" * n for n in range(4)}
    assert {plain + " indicator", plain + " indicator" * 2} <= set(kinds)


def test_baseline_and_families_add_up_to_the_log_odds_of_every_published_score(
    issued_home: Path, issued: Issued
) -> None:
    drivers = drivers_in(issued_home, issued[0].id)
    scores = issued[1][issued[1]["target"] != "fatalities"].set_index(KEYS)["probability"]
    parts = drivers[drivers["kind"].isin(["baseline", "family"])]
    total = parts.groupby(KEYS)["contribution"].sum()
    message = drivers[drivers["kind"] == "score"].set_index(KEYS)
    assert set(message.index) == set(scores.index)
    odds = log_odds(scores.to_numpy())
    np.testing.assert_allclose(total.reindex(scores.index), odds, atol=1e-9)
    np.testing.assert_allclose(message["contribution"].reindex(scores.index), odds, atol=1e-9)
    np.testing.assert_allclose(message["value"].reindex(scores.index), scores, atol=1e-9)
    assert parts["contribution"].abs().max() > 0.5


def test_without_an_earlier_bulletin_nothing_is_said_to_have_changed(
    issued_home: Path, issued: Issued
) -> None:
    drivers = drivers_in(issued_home, issued[0].id)
    assert issued[0].previous is None
    assert drivers["change"].isna().all()


def test_changes_are_told_against_the_newest_bulletin_of_an_earlier_origin(
    followed_home: Path,
) -> None:
    issued = manifests(followed_home)
    assert issued["2024-03"].previous == issued["2024-01"].previous == issued["2023-12"].id
    now, before = (
        drivers_in(followed_home, issued[m].id).set_index(KEYS) for m in ("2024-01", "2023-12")
    )
    scores = [t.loc[t["kind"] == "score", "contribution"] for t in (now, before)]
    message = now[now["kind"] == "score"].dropna(subset="change")
    np.testing.assert_allclose(
        message["change"], (scores[0] - scores[1]).reindex(message.index), atol=1e-9
    )
    parts = now[now["kind"].isin(["family", "revision"])].groupby(KEYS)["change"].sum()
    np.testing.assert_allclose(message["change"], parts.reindex(message.index), atol=1e-9)
    assert len(message) > 100
    revised = now[now["kind"] == "revision"]
    assert len(revised) == len(message)
    np.testing.assert_allclose(revised["change"], 0, atol=1e-9)  # both had the same releases
    causes = now[now["kind"] == "cause"]
    assert causes.index.is_unique
    assert 50 < len(causes) < len(message)
    assert (np.sign(causes["change"]) == np.sign(message["change"].reindex(causes.index))).all()


def test_a_bulletin_with_a_previous_one_can_be_computed_again_and_needs_it_as_it_was(
    own_followed_home: Path, archive: Archive
) -> None:
    home = own_followed_home
    issued = manifests(home)
    now, before = issued["2024-01"], issued["2023-12"]
    assert replay(home, archive, now.id, jobs=2) == now
    (home / "bulletins" / before.id / "scores.parquet").write_bytes(b"other")
    with pytest.raises(BulletinError, match=r"scores\.parquet is not what was published"):
        replay(home, archive, now.id)
    shutil.rmtree(home / "bulletins" / before.id)
    with pytest.raises(BulletinError, match=before.id):
        replay(home, archive, now.id)


def test_a_replay_whose_drivers_come_out_otherwise_is_told(
    own_issued_home: Path, issued: Issued, archive: Archive
) -> None:
    home, manifest = own_issued_home, issued[0]
    folder = home / "bulletins" / manifest.id
    drivers = drivers_in(home, manifest.id).assign(change=0.0)
    (folder / "drivers.parquet").write_bytes(b"other")
    with pytest.raises(BulletinError, match=r"drivers\.parquet is not what was published"):
        replay(home, archive, manifest.id)
    drivers.to_parquet(folder / "drivers.parquet")
    content = (folder / "drivers.parquet").read_bytes()
    forged = forge(home, manifest, drivers_sha256=sha256_of(content))
    with pytest.raises(BulletinError, match="comes out otherwise"):
        replay(home, archive, forged)


def test_a_bulletin_from_before_there_were_drivers_is_as_good_as_ever(
    own_issued_home: Path, issued: Issued, vintage: Vintage, archive: Archive
) -> None:
    home, old = own_issued_home, issued[0]
    file = home / "bulletins" / as_of_old(home, old).id / "manifest.json"
    kept = json.loads(file.read_text())
    del kept["drivers_sha256"], kept["previous"]
    file.write_text(json.dumps(kept))
    (file.parent / "drivers.parquet").unlink()
    assert not issue(home, vintage).is_new
    assert BulletinStore(home).get(old.id).manifest.drivers_sha256 is None
    assert replay(home, archive, old.id).scores_sha256 == old.scores_sha256
    new = issue(home, vintage, "2024-01").manifest
    assert new.previous == old.id
    drivers = drivers_in(home, new.id)
    assert drivers.loc[drivers["kind"] == "family", "change"].notna().any()
    assert (drivers["kind"] == "cause").any()


def test_a_damaged_earlier_bulletin_is_passed_over(
    own_followed_home: Path, vintage: Vintage
) -> None:
    issued = manifests(own_followed_home)
    folder = own_followed_home / "bulletins"
    (folder / issued["2024-03"].id / "manifest.json").write_text("nonsense")
    (folder / issued["2024-01"].id / "scores.parquet").write_bytes(b"nonsense")
    assert issue(own_followed_home, vintage, "2024-04").manifest.previous == issued["2023-12"].id


def test_another_model_is_not_taken_for_a_change_of_events(older_home: Path) -> None:
    drivers = drivers_in(older_home, manifests(older_home)["2023-12"].id)
    told = drivers[drivers["change"].notna()]
    assert set(told["kind"]) == {"score"}


def test_the_number_of_jobs_changes_nothing(
    own_home: Path, issued_home: Path, vintage: Vintage
) -> None:
    id_ = issue(own_home, vintage, jobs=3).manifest.id
    with_three, with_one = (
        (home / "bulletins" / id_ / "drivers.parquet").read_bytes()
        for home in (own_home, issued_home)
    )
    assert with_three == with_one
