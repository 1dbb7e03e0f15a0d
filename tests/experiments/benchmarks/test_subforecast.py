import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from experiments.benchmarks.files import Run
from experiments.benchmarks.published import UNIT_ENTRIES, UNIT_ROWS
from experiments.benchmarks.subforecast import (
    LEAST_TRAINING,
    UnitForecaster,
    benchmark_subforecast,
    roll,
)
from experiments.benchmarks.subforecast_data import (
    UNIT_TARGETS,
    AdminCounts,
    labels_of,
    read_counts,
)
from experiments.benchmarks.subforecast_forecaster import UNIT_FORECASTER, UnitFrequency
from experiments.benchmarks.subforecast_scores import FIRST_ORIGIN, figures_of, outcomes_of, scored
from features.arrays import FloatArray
from features.errors import InputError, ModelError
from features.months import format_month, parse_month
from models import metrics

JANUARY_2014, ORIGINS = 528, (parse_month("2018-01"), parse_month("2019-11"))
NAN = np.nan


def counts_of(events: FloatArray) -> AdminCounts:
    months = JANUARY_2014 + np.arange(len(events))
    names = tuple(f"r{k}" for k in range(events.shape[1]))
    by_type = np.stack([events, 0 * events, 0 * events], axis=-1)
    return AdminCounts(months, ("A",) * len(names), names, events, by_type, events * 2)


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=float)[:, None]


@dataclass
class EverythingSeen:
    """Its forecasts change with every bit that it learned from or is given; it notes when."""

    name: str = "everything seen"
    fitted_at: list[str] = field(default_factory=list)
    predicted_at: list[str] = field(default_factory=list)

    def fit(self, counts: AdminCounts, seed: int) -> "Fitted":
        self.fitted_at.append(format_month(int(counts.months[-1])))
        return Fitted(self, digest(counts) + seed)


@dataclass
class Fitted:
    forecaster: EverythingSeen
    learned: int

    def predict(self, counts: AdminCounts) -> FloatArray:
        self.forecaster.predicted_at.append(format_month(int(counts.months[-1])))
        rng = np.random.default_rng([self.learned, digest(counts)])
        return rng.random((3, len(counts.units)))


def digest(counts: AdminCounts) -> int:
    seen = (counts.months, counts.events, counts.events_by_type, counts.deaths)
    return zlib.crc32(b"".join(array.tobytes() for array in seen))


@dataclass(frozen=True)
class Always:
    probability: FloatArray
    name: str = "always"

    def fit(self, counts: AdminCounts, seed: int) -> "Always":
        return self

    def predict(self, counts: AdminCounts) -> FloatArray:
        return self.probability


def test_a_month_is_read_to_its_unit_and_the_rest_is_zero(counts_path: Path) -> None:
    counts = read_counts(counts_path, units=7)
    assert counts.units == ("Mali|Gao", "Mali|Mopti", "Mali|NA", "Niger|Diffa", "Niger|Gao", "|", "|")  # fmt: skip  # noqa: E501
    assert_array_equal(counts.named, [True] * 5 + [False] * 2)
    assert [format_month(int(counts.months[k])) for k in (0, -1)] == ["2014-01", "2019-12"]
    assert_array_equal(counts.events[:, 0], np.ones(72))
    assert_array_equal(counts.events[:60, 3], np.zeros(60))
    assert_array_equal(counts.events_by_type.sum(axis=2), counts.events)
    assert_array_equal(counts.deaths, 3 * counts.events)
    table = pd.read_csv(counts_path, keep_default_na=False)
    assert counts.events.sum() == table["n_events"].sum()
    row = table.iloc[40]
    place = parse_month(row["month"]) - 528, counts.units.index(f"{row['country']}|{row['adm_1']}")
    assert_array_equal(counts.events_by_type[place], row[["n_sb", "n_ns", "n_os"]].to_numpy(float))


def test_no_units_are_added_where_there_are_enough(counts_path: Path) -> None:
    assert len(read_counts(counts_path, units=3).units) == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="n_sb"), "lacks the columns n_sb"),
        (lambda t: t.iloc[:0], "has no rows"),
        (lambda t: pd.concat([t, t.iloc[:1]]), r"Mali\|Gao in 2014-01 twice"),
        (lambda t: t[t["month"] != "2016-03"], "no row at all of 2016-03"),
        (lambda t: t.replace({"month": {"2014-01": "2016"}}), "'2016' is not a month"),
        (lambda t: t.assign(n_events="-1"), "'-1' in column n_events, data row 1"),
        (lambda t: t.assign(deaths="2.5"), "'2.5' in column deaths"),
        (lambda t: t.assign(deaths=""), "nothing in column deaths, data row 1"),
        (lambda t: t.assign(adm_1=""), "no country and adm_1 in data row 1"),
    ],
)
def test_a_table_of_another_form_is_refused_with_the_fault(
    counts_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    table = pd.read_csv(counts_path, dtype="str", keep_default_na=False)
    change(table).to_csv(counts_path, index=False)
    with pytest.raises(InputError, match=message) as error:
        read_counts(counts_path)
    assert str(counts_path) in str(error.value)


def test_a_file_that_is_no_table_is_refused(counts_path: Path, tmp_path: Path) -> None:
    whole = counts_path.read_bytes()
    for k, content in enumerate((whole[:5], whole[: len(whole) // 2], b"\x1f\x8b" + b"x" * 50)):
        path = tmp_path / f"{k}.csv.gz"
        path.write_bytes(content)
        with pytest.raises(InputError, match="cannot be read as CSV"):
            read_counts(path)
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match="lacks the columns country"):
        read_counts(tmp_path / "empty.csv")
    with pytest.raises(InputError, match="is not there"):
        read_counts(tmp_path / "none.csv")


def test_occurrence_is_any_event_in_the_next_month() -> None:
    assert_array_equal(labels_of(counts_of(column(0, 3, 0, 1)))[0, :, 0], [1, 0, 1, NAN])


MEAN_5_SD_2 = (8.0, 2, 7, 3, 6, 4, 5, 5)


@pytest.mark.parametrize(
    ("trailing", "following", "escalates"),
    [
        ((1, 2, 3, 4, 5, 6, 7, 8), 6, False),
        ((1, 2, 3, 4, 5, 6, 7, 8), 7, True),
        (MEAN_5_SD_2, 7, False),
        (MEAN_5_SD_2, 8, True),
        ((0,) * 8, 1, False),
        ((0,) * 8, 2, True),
        ((3,) * 8, 4, False),
        ((3,) * 8, 5, True),
        ((3,) * 8, 0, False),
    ],
)
def test_escalation_is_beyond_mean_and_deviation_and_two_more_than_the_mean(
    trailing: tuple[float, ...], following: float, escalates: bool
) -> None:
    labels = labels_of(counts_of(column(*trailing, following)))[1, :, 0]
    assert_array_equal(labels, [NAN] * 7 + [escalates, NAN])


def test_onset_is_an_event_after_24_months_without_any() -> None:
    quiet = [1.0] + [0] * 24
    labels = labels_of(counts_of(column(*quiet, 0, 2, 0)))[2, :, 0]
    assert_array_equal(labels, [NAN] * 24 + [0, 1, NAN, NAN])
    labels = labels_of(counts_of(column(*[0.0] * 23, 5)))[2, :, 0]
    assert np.isnan(labels).all()


@given(seed=st.integers(0, 2**32), months=st.integers(1, 40))
def test_labels_are_the_formulas_in_exact_fractions(seed: int, months: int) -> None:
    rng = np.random.default_rng(seed)
    events = rng.poisson(rng.choice([0.02, 0.5, 3.0], 3), (months, 3)).astype(float)
    labels = labels_of(counts_of(events))
    for (t, unit), following in np.ndenumerate(events[1:]):
        past = [Fraction(int(x)) for x in events[: t + 1, unit]]
        last = past[-8:]
        assert labels[0, t, unit] == (following > 0)
        if len(last) < 8:
            assert np.isnan(labels[1, t, unit])
        else:
            mean = sum(last) / 8
            variance = sum((x - mean) ** 2 for x in last) / 7
            rise = Fraction(int(following)) - mean
            assert labels[1, t, unit] == (rise >= 2 and rise**2 > variance)
        at_risk = len(past) >= 24 and not any(past[-24:])
        assert labels[2, t, unit] == (following > 0) if at_risk else np.isnan(labels[2, t, unit])
    assert np.isnan(labels[:, -1]).all()


def test_forecasters_learn_anew_every_third_origin_and_see_each(
    counts_path: Path, run: Run
) -> None:
    forecaster = EverythingSeen()
    origins = (parse_month("2018-11"), parse_month("2019-05"))
    benchmark_subforecast(counts_path, origins, forecaster, run)
    assert forecaster.fitted_at == ["2018-11", "2019-02", "2019-05"]
    assert forecaster.predicted_at == [
        "2018-11", "2018-12", "2019-01", "2019-02", "2019-03", "2019-04", "2019-05",
    ]  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32), cut=st.integers(48, 58))
def test_nothing_after_an_origin_changes_its_forecast(seed: int, cut: int) -> None:
    rng = np.random.default_rng(seed)
    events = rng.poisson(0.7, (72, 3)).astype(float)
    later = events.copy()
    later[cut:] = rng.poisson(5, later[cut:].shape)
    origins = JANUARY_2014 + np.arange(LEAST_TRAINING - 1, 60)
    run = Run(1, 1, lambda steps, total, label: steps)
    for forecaster in (EverythingSeen(), UnitFrequency()):
        before, after = (roll(counts_of(x), origins, forecaster, run) for x in (events, later))
        seen = origins < JANUARY_2014 + cut
        assert_array_equal(before[:, seen], after[:, seen])
    changed = later.copy()
    changed[cut - 1, 0] += 1
    before, after = (roll(counts_of(x), origins, EverythingSeen(), run) for x in (later, changed))
    assert (before[:, cut - 48 :] != after[:, cut - 48 :]).any()


def test_figures_are_those_of_the_forecasts_that_are_written(
    counts_path: Path, tmp_path: Path, writing_run: Run
) -> None:
    report = benchmark_subforecast(counts_path, ORIGINS, EverythingSeen(), writing_run, units=6)
    written = pd.read_parquet(tmp_path / "p.parquet")
    assert list(written) == ["target", "origin", "region", "probability"]
    assert not written.duplicated(["target", "origin", "region"]).any()
    assert set(written["region"]) == set(read_counts(counts_path, 1).units)
    events = pd.read_csv(counts_path, keep_default_na=False)
    events["origin"] = [format_month(parse_month(month) - 1) for month in events["month"]]
    key = events["origin"] + "|" + events["country"] + "|" + events["adm_1"]
    of_target = written[written["target"] == "occurrence"]
    assert len(of_target) == 23 * 5
    happened = (of_target["origin"] + "|" + of_target["region"]).isin(key)
    outcome = np.asarray(happened, np.float64)
    (own,) = [f for f in report.figures if f[:2] == ("units with a name", "occurrence")]
    probability = of_target["probability"].to_numpy()
    assert own.rows == len(outcome)
    assert own.brier == pytest.approx(metrics.brier(outcome, probability))
    assert own.auc == pytest.approx(metrics.auc(outcome, probability))
    (every,) = [f for f in report.figures if f[:2] == ("all", "occurrence")]
    assert every.rows == 23 * 6
    told = json.loads((tmp_path / "f.json").read_text())
    assert (told["units"], told["named_units"]) == (6, 5)
    assert (told["first_origin"], told["last_origin"]) == ("2018-01", "2019-11")
    assert told["figures"][0] == every._asdict()


def test_the_same_table_gives_the_same_bytes_however_many_jobs(counts_path: Path, run: Run) -> None:
    contents = []
    for jobs in (1, 2):
        files = [counts_path.parent / f"{jobs}.{kind}" for kind in ("json", "parquet")]
        again = Run(run.seed, jobs, run.progress, *files)
        benchmark_subforecast(counts_path, ORIGINS, UNIT_FORECASTER, again)
        contents.append([file.read_bytes() for file in files])
    assert contents[0] == contents[1]


def test_measures_are_told_for_the_held_out_years_apart() -> None:
    events = np.random.default_rng(1).poisson(0.5, (144, 4)).astype(float)
    counts = counts_of(events)
    origins = np.arange(FIRST_ORIGIN, JANUARY_2014 + 143)
    outcomes = outcomes_of(counts, origins)
    forecast = np.full_like(outcomes, 0.25)
    rows = {f[:2]: f.rows for f in figures_of(counts, origins, outcomes, forecast)}
    assert rows["all", "occurrence"] == 4 * len(origins) == 4 * 100
    assert rows["targets to 2021", "occurrence"] == 4 * 52
    assert rows["targets of 2022-2023", "occurrence"] == 4 * 24
    assert rows["targets to 2023", "occurrence"] == 4 * 76
    assert rows["targets from 2024", "occurrence"] == 4 * 24
    assert ("units with a name", "occurrence") not in rows


def test_rows_of_onset_begin_later() -> None:
    events = np.zeros((100, 1))
    origins = np.arange(parse_month("2019-01"), parse_month("2019-06"))
    rows = scored(outcomes_of(counts_of(events), origins), origins)[:, :, 0]
    assert_array_equal(rows, [[True] * 5, [True] * 5, [False, False, True, True, True]])


def test_the_frequency_of_a_unit_is_its_record_and_a_month_of_all() -> None:
    events = np.column_stack([np.tile([0.0, 1], 5), np.zeros(10)])
    probability = UnitFrequency().fit(counts_of(events), seed=1).predict(counts_of(events))
    base = (5 + 0.5) / (18 + 1)
    assert_allclose(probability[0], [(5 + base) / 10, base / 10])


@pytest.mark.parametrize(
    "probability",
    [np.full((3, 5), 1.1), np.full((3, 5), -0.1), np.full((3, 5), NAN), np.full((2, 5), 0.5)],
)
def test_what_are_no_probabilities_are_refused_and_nothing_is_written(
    counts_path: Path, run: Run, probability: FloatArray
) -> None:
    path = counts_path.parent / "p.parquet"
    always: UnitForecaster = Always(probability)
    with pytest.raises(ModelError, match="always returned no probabilities"):
        benchmark_subforecast(
            counts_path, ORIGINS, always, replace(run, predictions_path=path), units=5
        )
    assert not path.exists()


@pytest.mark.parametrize(
    ("first", "last"),
    [("2017-11", "2019-11"), ("2018-01", "2019-12"), ("2019-02", "2019-01"), (None, None)],
)
def test_origins_that_cannot_be_learned_for_or_judged_are_refused(
    counts_path: Path, run: Run, first: str | None, last: str | None
) -> None:
    origins = (first and parse_month(first), last and parse_month(last))
    with pytest.raises(InputError, match="cannot be forecast from a table of 2014-01 to 2019-12"):
        benchmark_subforecast(counts_path, origins, UNIT_FORECASTER, run)  # type: ignore[arg-type]


def test_published_entries_are_shown_beside_ours(counts_path: Path, run: Run) -> None:
    shown = benchmark_subforecast(counts_path, ORIGINS, UNIT_FORECASTER, run).as_markdown()
    assert "989 have no event and no name yet" in shown
    for entry in UNIT_ENTRIES:
        row = f"| {entry.model}, published | {UNIT_ROWS[entry.target][0]:,} | "
        assert row in shown
        assert f"{entry.average_precision:.3f}" in shown
    assert shown.count(f"**{UNIT_FORECASTER.name}**") == len(UNIT_TARGETS)


def test_labels_are_the_published_ones_on_the_real_table(real_data: Callable[..., Path]) -> None:
    counts = read_counts(real_data("admin1_month", "ged251_admin1_month_2010_2023.csv.gz"))
    assert (len(counts.units), int(counts.named.sum())) == (994, 974)
    origins = np.arange(FIRST_ORIGIN, parse_month("2023-11") + 1)
    outcomes = outcomes_of(counts, origins)
    rows = scored(outcomes, origins)
    assert {t: int(r.sum()) for t, r in zip(UNIT_TARGETS, rows, strict=True)} == {
        target: published for target, (published, _) in UNIT_ROWS.items()
    }
    positives = [int(y[r].sum()) for y, r in zip(outcomes, rows, strict=True)]
    assert positives == [14_943, 2_847, 422]
    for (_, base), k, r in zip(UNIT_ROWS.values(), positives, rows, strict=True):
        assert k / r.sum() == pytest.approx(base, abs=0.00051)
