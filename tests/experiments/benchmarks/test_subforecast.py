import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from experiments.benchmarks.files import Run
from experiments.benchmarks.published import UNIT_ENTRIES, UNIT_ROWS
from experiments.benchmarks.subforecast import UNNAMED, benchmark_subforecast, with_unnamed
from experiments.benchmarks.subforecast_data import read_units
from experiments.benchmarks.subforecast_scores import FIRST_ORIGIN, UNIT_TARGETS, figures_of
from experiments.configuration import Configuration
from experiments.samples import samples_at
from features.errors import CoverageError, InputError
from features.months import format_month, parse_month
from features.targets import label
from features.words import Target
from models import metrics
from tests.experiments.benchmarks.conftest import rewrite

ORIGINS = (parse_month("2020-02"), parse_month("2020-11"))
OURS: tuple[Target, ...] = ("instability", "surge", "onset")


def test_a_month_is_read_to_its_unit_and_the_rest_is_zero(counts_path: Path) -> None:
    units = read_units(counts_path)
    panel = units.panel
    assert sorted(units.names) == ["Mali|Gao", "Mali|Mopti", "Mali|NA", "Niger|Diffa", "Niger|Gao"]
    assert [format_month(int(panel.months[k])) for k in (0, -1)] == ["2014-01", "2021-12"]
    events = panel.total_events[:, units.names.index("Mali|Gao")]
    assert_array_equal(events, np.ones(96))
    assert_array_equal(panel.total_events[:60, units.names.index("Niger|Diffa")], np.zeros(60))
    assert_array_equal(panel.total_deaths, 3 * panel.total_events)
    table = pd.read_csv(counts_path, keep_default_na=False)
    row = table.iloc[40]
    month, unit = parse_month(row["month"]) - 528, f"{row['country']}|{row['adm_1']}"
    own = panel.events[:, month, units.names.index(unit)]
    assert_array_equal(own, [*row[["n_sb", "n_ns", "n_os"]], 0])


def test_units_of_one_place_stay_apart_and_the_first_has_it(counts_path: Path) -> None:
    table = pd.read_csv(counts_path, keep_default_na=False)
    again = table[table["adm_1"] == "Mopti"].assign(adm_1="Mopti region")
    pd.concat([table, again]).to_csv(counts_path, index=False)
    units = read_units(counts_path)
    first, second = (units.names.index(f"Mali|{name}") for name in ("Mopti", "Mopti region"))
    counts, (latitude, _) = units.panel.total_events, units.panel.regions.coordinates
    assert_array_equal(counts[:, first], counts[:, second])
    assert np.isfinite(latitude[first])
    assert np.isnan(latitude[second])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="n_sb"), "lacks the columns n_sb"),
        (lambda t: t.iloc[:0], "has no rows"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "country Mali, adm_1 Gao, month 2014-01 twice"),
        (lambda t: t[t["month"] != "2016-03"], "no row at all of 2016-03"),
        (lambda t: t.replace({"month": {"2014-01": "2016"}}), "'2016' is not a month"),
        (lambda t: t.assign(n_events="-1"), "'-1' in column n_events, data row 1"),
        (lambda t: t.assign(deaths="2.5"), "'2.5' in column deaths"),
        (lambda t: t.assign(deaths=""), "'' in column deaths, data row 1"),
        (lambda t: t.assign(adm_1=""), "no country and adm_1 in data row 1"),
        (
            lambda t: t.replace({"country": {"Niger": "Atlantis"}}),
            "'Atlantis', which is no country",
        ),
    ],
)
def test_a_table_of_another_form_is_refused_with_the_fault(
    counts_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    rewrite(counts_path, change)
    with pytest.raises(InputError, match=message) as error:
        read_units(counts_path)
    assert str(counts_path) in str(error.value)


def test_a_file_that_is_no_table_is_refused(counts_path: Path, tmp_path: Path) -> None:
    whole = counts_path.read_bytes()
    for k, content in enumerate((whole[:5], whole[: len(whole) // 2], b"\x1f\x8b" + b"x" * 50)):
        path = tmp_path / f"{k}.csv.gz"
        path.write_bytes(content)
        with pytest.raises(InputError, match="cannot be read as CSV"):
            read_units(path)
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match="lacks the columns country"):
        read_units(tmp_path / "empty.csv")
    with pytest.raises(InputError, match="is not there"):
        read_units(tmp_path / "none.csv")


@given(seed=st.integers(0, 2**32), months=st.integers(1, 40))
def test_labels_are_the_formulas_in_exact_fractions(seed: int, months: int) -> None:
    rng = np.random.default_rng(seed)
    events = rng.poisson(rng.choice([0.02, 0.5, 3.0], 3), (months, 3)).astype(float)
    labels = np.stack([label(target, events, 1, 1.0) for target in OURS])
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


def test_figures_are_those_of_the_forecasts_that_are_written(
    counts_path: Path, tmp_path: Path, writing_run: Run, unit_experiment: Configuration
) -> None:
    report = benchmark_subforecast(counts_path, ORIGINS, unit_experiment, writing_run, units=6)
    written = pd.read_parquet(tmp_path / "p.parquet")
    assert list(written) == ["target", "origin", "region", "probability"]
    assert not written.duplicated(["target", "origin", "region"]).any()
    events = pd.read_csv(counts_path, keep_default_na=False)
    events["origin"] = [format_month(parse_month(month) - 1) for month in events["month"]]
    key = events["origin"] + "|" + events["country"] + "|" + events["adm_1"]
    of_target = written[written["target"] == "occurrence"]
    assert len(of_target) == 10 * 5
    happened = (of_target["origin"] + "|" + of_target["region"]).isin(key)
    outcome = np.asarray(happened, dtype=np.float64)
    (own,) = [f for f in report.figures if f[:2] == ("units with a name", "occurrence")]
    assert own.rows == len(outcome)
    assert own.brier == pytest.approx(metrics.brier(outcome, of_target["probability"].to_numpy()))
    (every,) = [f for f in report.figures if f[:2] == ("all", "occurrence")]
    assert every.rows == 10 * 6
    content = json.loads((tmp_path / "f.json").read_text())
    assert (content["units"], content["named_units"]) == (6, 5)
    assert (content["first_origin"], content["last_origin"]) == ("2020-02", "2020-11")
    assert content["figures"][0] == every._asdict()
    shown = report.as_markdown()
    assert "1 have no event and no name yet" in shown
    for entry in UNIT_ENTRIES:
        assert f"| {entry.model}, published | {UNIT_ROWS[entry.target][0]:,} | " in shown


def test_nothing_after_an_origin_changes_its_forecast(
    counts_path: Path, run: Run, unit_experiment: Configuration
) -> None:
    path = counts_path.parent / "p.parquet"
    origins = parse_month("2020-05"), parse_month("2020-06")

    def forecasts() -> pd.DataFrame:
        own = replace(run, predictions_path=path)
        benchmark_subforecast(counts_path, origins, unit_experiment, own)
        return pd.read_parquet(path)

    def more(table: pd.DataFrame, rows: pd.Series) -> pd.DataFrame:
        changed = {name: table[name].astype(int) + 50 * rows for name in ("n_events", "n_sb")}
        return table.assign(**changed)

    before = forecasts()
    rewrite(counts_path, lambda table: more(table, table["month"] > "2020-05"))
    after, first = forecasts(), before["origin"] == "2020-05"
    pd.testing.assert_frame_equal(after[first], before[first])
    assert (after["probability"] != before["probability"])[~first].any()


def test_a_unit_without_a_name_is_forecast_like_those_quiet_the_longest(counts_path: Path) -> None:
    panel = read_units(counts_path).panel.counting("events", None)
    samples = samples_at(panel, int(panel.months[-1]), 1.0)
    samples.deaths[:] = 1
    samples.deaths[10:, [1, 3]] = 0
    rows = pd.DataFrame(
        {"target": "occurrence", "origin": int(panel.months[60]), "region": range(5)}
        | {"outcome": 1.0, "probability": [0.9, 0.2, 0.8, 0.4, 0.7]}
    )
    unnamed = with_unnamed(rows, samples, 2).query("region == @UNNAMED")
    assert len(unnamed) == 2
    assert unnamed["probability"].tolist() == pytest.approx([0.3, 0.3])
    assert (unnamed["outcome"] == 0).all()
    assert UNNAMED < 0


def test_held_out_years_stand_apart_and_onset_begins_later() -> None:
    origins = np.arange(FIRST_ORIGIN, parse_month("2025-11") + 1)
    rows = pd.concat(
        pd.DataFrame({"target": target, "origin": origins, "region": 0, "probability": 0.25})
        for target in UNIT_TARGETS
    ).assign(outcome=lambda table: table["origin"] % 2)
    counts = {f[:2]: f.rows for f in figures_of(rows)}
    assert counts["all", "occurrence"] == 100
    assert counts["targets to 2021", "occurrence"] == 52
    assert counts["targets of 2022-2023", "occurrence"] == 24
    assert counts["targets to 2023", "occurrence"] == 76
    assert counts["targets from 2024", "occurrence"] == 24
    assert counts["targets to 2023", "onset"] == 57
    assert ("units with a name", "occurrence") not in counts


@pytest.mark.parametrize(
    ("first", "last"), [("2015-11", "2019-11"), ("2020-02", "2021-12"), ("2020-02", "2020-01")]
)
def test_origins_that_cannot_be_learned_for_or_judged_are_refused(
    counts_path: Path, run: Run, first: str, last: str, unit_experiment: Configuration
) -> None:
    origins = parse_month(first), parse_month(last)
    with pytest.raises(CoverageError):
        benchmark_subforecast(counts_path, origins, unit_experiment, run)


def test_labels_are_the_published_ones_on_the_real_table(real_data: Callable[..., Path]) -> None:
    units = read_units(real_data("admin1_month", "ged251_admin1_month_2010_2023.csv.gz"))
    assert len(units.names) == 974
    events = units.panel.total_events
    origin = np.arange(parse_month("2010-01"), parse_month("2010-01") + len(events))
    begin = {"instability": FIRST_ORIGIN, "surge": FIRST_ORIGIN, "onset": parse_month("2019-03")}
    for target, published in zip(OURS, UNIT_ROWS.values(), strict=True):
        labels = label(target, events, 1, 1.0)[origin >= begin[target]]
        unnamed = 20 * (~np.isnan(labels).all(axis=1)).sum()
        rows, cases = (~np.isnan(labels)).sum() + unnamed, np.nansum(labels)
        assert rows == published[0]
        assert cases / rows == pytest.approx(published[1], abs=0.00051)
        assert cases == {"instability": 14_943, "surge": 2_847, "onset": 422}[target]
