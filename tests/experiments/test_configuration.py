import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.configuration import DEFAULT, DEMO, Configuration, read_configuration
from features.errors import ConfigurationError
from features.indicators.catalogue import CATALOGUE
from models.learners import Boosting, Logistic, LogOddsMean, RidgeLogistic
from models.record import RECORD
from tests.command import as_toml

CONTENT = tomllib.loads(DEFAULT.read_text(encoding="utf-8"))
PLACES = [
    *[(key,) for key in CONTENT],
    *[(section, key) for section in CONTENT if isinstance(CONTENT[section], dict)
      if section != "targets" for key in CONTENT[section]],
]  # fmt: skip
"""All that an experiment must say; of targets it names those that it forecasts."""


def changed(place: tuple[str, ...], value: object) -> dict[str, Any]:
    content = copy.deepcopy(CONTENT)
    *sections, key = place
    inner = content[sections[0]] if sections else content
    inner[key] = value
    return content


def renamed(place: tuple[str, ...], name: str) -> dict[str, Any]:
    content = copy.deepcopy(CONTENT)
    *sections, key = place
    inner = content[sections[0]] if sections else content
    inner[name] = inner.pop(key)
    return content


def refusal(folder: Path, content: dict[str, Any]) -> str:
    path = folder / "experiment.toml"
    path.write_text(as_toml(content), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_configuration(path)
    assert str(path) in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("path", [DEFAULT, DEMO], ids=lambda path: path.stem)
def test_the_experiments_that_come_with_it_are_valid_and_named_as_their_files(path: Path) -> None:
    configuration = read_configuration(path)
    assert configuration.name == path.stem
    of_families = [i.name for i in CATALOGUE if i.family in configuration.indicators]
    assert configuration.indicator_names == tuple(of_families)
    assert set(configuration.logistic.indicators) <= set(of_families)


def test_indicators_are_named_one_by_one_or_by_family() -> None:
    configuration = read_configuration(DEFAULT).reading(("deaths", "season"))
    season = tuple(i.name for i in CATALOGUE if i.family == "season")
    assert configuration.indicator_names == ("deaths", *season)
    assert configuration.logistic.indicators == ("deaths",)
    every = read_configuration(DEFAULT).reading("all")
    assert every.indicator_names == tuple(indicator.name for indicator in CATALOGUE)
    with pytest.raises(ConfigurationError, match="no indicator is called weather"):
        configuration.reading(("weather",))


def test_an_indicator_named_beside_its_family_is_named_twice(tmp_path: Path) -> None:
    file = tmp_path / "twice.toml"
    text = DEFAULT.read_text().replace('["history", "n', '["deaths", "history", "n')
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="named more than once: deaths"):
        read_configuration(file)


def test_what_the_file_says_is_what_the_learners_get() -> None:
    configuration = read_configuration(DEFAULT)
    boosting = configuration.template("boosting")
    assert isinstance(boosting, Boosting)
    assert boosting.iterations == CONTENT["boosting"]["iterations"]
    assert boosting.smallest_leaf == CONTENT["boosting"]["smallest_leaf"]
    assert boosting.seed == CONTENT["seed"]
    logistic = configuration.template("logistic")
    assert isinstance(logistic, Logistic)
    columns = (*configuration.indicator_names, RECORD)
    read = [columns[column] for column in logistic.columns]
    assert read == [*CONTENT["logistic"]["indicators"], RECORD]
    ensemble = configuration.template("ensemble")
    assert isinstance(ensemble, LogOddsMean)
    everything, trees, record = ensemble.members
    assert isinstance(everything, RidgeLogistic)
    assert isinstance(trees, Boosting)
    assert isinstance(record, RidgeLogistic)
    assert (everything.penalty, everything.columns) == (CONTENT["ensemble"]["penalty"], ())
    assert trees.get_params() == boosting.get_params()
    assert [columns[column] for column in record.columns] == [RECORD]
    pool = configuration.record_pool.get_params()
    assert pool.pop("half_lives") == tuple(CONTENT["records"]["half_lives"])
    assert pool.pop("spreads") == tuple(CONTENT["records"]["spreads"])
    assert pool == {name: CONTENT["records"][name] for name in ("rate", "common_rate", "memory")}
    assert [configuration.tau(level) for level in ("country", "admin1", "priogrid")] == [25, 5, 1]


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_a_missing_key_is_named(place: tuple[str, ...], tmp_path: Path) -> None:
    content = copy.deepcopy(CONTENT)
    *sections, key = place
    del (content[sections[0]] if sections else content)[key]
    assert f"{'.'.join(place)}: Field required" in refusal(tmp_path, content)


@st.composite
def misspellings(draw: st.DrawFn, key: str) -> str:
    at = draw(st.integers(0, len(key) - 1))
    letter = draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz_"))
    rest = draw(st.sampled_from([key[at:], key[at + 1 :]]))
    return draw(st.sampled_from([key[:at] + key[at + 1 :], key[:at] + letter + rest]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("misspelt")


@pytest.mark.parametrize("place", PLACES, ids=".".join)
@settings(max_examples=25)
@given(data=st.data())
def test_a_misspelt_key_is_named_and_never_a_default(
    place: tuple[str, ...], folder: Path, data: st.DataObject
) -> None:
    misspelt = data.draw(misspellings(place[-1]).filter(lambda name: name not in ("", place[-1])))
    message = refusal(folder, renamed(place, misspelt))
    wrong = ".".join([*place[:-1], misspelt])
    assert f"{wrong}: Extra inputs are not permitted" in message
    assert f"{'.'.join(place)}: Field required" in message


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("name",), "Two Words"),
        (("name",), ""),
        (("levels",), []),
        (("levels",), ["admin1", "admin1"]),
        (("levels",), ["village"]),
        (("seed",), -1),
        (("seed",), 2**32),
        (("seed",), True),
        (("measure",), "injuries"),
        (("measure",), ["deaths"]),
        (("violence",), "state-based"),
        (("violence",), []),
        (("violence",), ["terror"]),
        (("violence",), ["all"]),
        (("violence",), ["one-sided", "non-state", "one-sided"]),
        (("targets",), {}),
        (("targets",), {"peace": [1]}),
        (("targets", "onset"), []),
        (("targets", "onset"), [0]),
        (("targets", "onset"), [-1]),
        (("targets", "onset"), [3, 37]),
        (("targets", "onset"), [3, 6, 3]),
        (("targets", "onset"), [1.5]),
        (("targets", "onset"), ["3"]),
        (("targets", "onset"), [True]),
        (("targets", "onset"), 3),
        (("targets", "surge"), [0]),
        (("indicators",), []),
        (("indicators",), "everything"),
        (("indicators",), ["deaths", "deaths"]),
        (("indicators",), ["deaths", "deths_mean_3"]),
        (("learners",), []),
        (("learners",), ["logistic", "logistic"]),
        (("learners",), ["forest"]),
        (("thresholds", "country"), 0),
        (("thresholds", "admin1"), -5),
        (("thresholds", "priogrid"), float("inf")),
        (("thresholds", "country"), float("nan")),
        (("training", "months"), 0),
        (("training", "months"), "300"),
        (("training", "months"), 12.5),
        (("training", "quiet_share"), 1),
        (("training", "quiet_share"), {"country": 1, "admin1": 1, "priogrid": 0}),
        (("training", "quiet_share"), {"country": 1, "admin1": 1.5, "priogrid": 1}),
        (("training", "quiet_share"), {"country": 1, "admin1": 1}),
        (("analogues", "months"), -1),
        (("analogues", "share"), 0.0),
        (("analogues", "share"), 1.0),
        (("analogues", "halving"), {"country": 300, "admin1": 0, "priogrid": 300}),
        (("backtest", "years"), 0),
        (("backtest", "years"), 10**12),
        (("backtest", "refit_months"), 0),
        (("logistic", "indicators"), []),
        (("logistic", "indicators"), ["deaths", "deaths"]),
        (("boosting", "iterations"), 0),
        (("boosting", "learning_rate"), 0.0),
        (("boosting", "learning_rate"), 1.5),
        (("boosting", "learning_rate"), float("nan")),
        (("boosting", "leaves"), 1),
        (("boosting", "smallest_leaf"), 0),
        (("boosting", "l2"), -0.1),
        (("boosting", "l2"), float("inf")),
        (("boosting", "share_tried"), 0.0),
        (("boosting", "share_tried"), 1.1),
        (("ensemble", "penalty"), 0.0),
        (("ensemble", "record"), ["deaths"]),
        (("records", "half_lives"), []),
        (("records", "half_lives"), [1, 3, 1]),
        (("records", "half_lives"), [1, 0]),
        (("records", "spreads"), [-0.2]),
        (("records", "spreads"), []),
        (("records", "rate"), -1),
        (("records", "common_rate"), float("inf")),
        (("records", "memory"), 0),
        (("records", "memory"), 1.01),
    ],
    ids=str,
)
def test_a_value_out_of_range_is_named(
    place: tuple[str, ...], value: object, tmp_path: Path
) -> None:
    message = refusal(tmp_path, changed(place, value))
    assert f": {'.'.join(place)}" in message or f"; {'.'.join(place)}" in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["outset", "Onset", "onset ", "fatality", ""])
def test_a_target_that_is_none_is_named_with_those_that_are(name: str, tmp_path: Path) -> None:
    message = refusal(tmp_path, renamed(("targets", "onset"), name))
    assert f"targets.{name}" in message
    assert "'fatalities', 'instability', 'escalation', 'onset', 'surge' or 'coup'" in message


def test_targets_and_horizons_are_those_that_are_named_in_their_order(tmp_path: Path) -> None:
    content = copy.deepcopy(CONTENT)
    content["targets"] = {"surge": [36, 1], "onset": [2]}
    path = tmp_path / "few.toml"
    path.write_text(as_toml(content), encoding="utf-8")
    few = read_configuration(path)
    assert few.targets == {"surge": (36, 1), "onset": (2,)}
    assert list(few.targets) == ["surge", "onset"]
    assert (few.measure, few.violence, few.types) == ("deaths", "all", None)


@pytest.mark.parametrize("violence", ["all", ["one-sided", "state-based"]])
def test_events_may_be_measured_where_no_deaths_are_forecast(violence: str | list[str]) -> None:
    content = changed(("measure",), "events") | {"violence": violence}
    with pytest.raises(ValueError, match="fatalities are deaths: leave that target out, or meas"):
        Configuration.model_validate(content)
    del content["targets"]["fatalities"]
    events = Configuration.model_validate(content)
    assert events.measure == "events"
    assert events.types == (None if violence == "all" else ("one-sided", "state-based"))


def test_deaths_of_some_types_of_violence_may_be_forecast_as_fatalities() -> None:
    some = Configuration.model_validate(changed(("violence",), ["non-state"]))
    assert some.types == ("non-state",)
    assert "fatalities" in some.targets


def test_what_is_forecast_decides_what_is_fitted() -> None:
    few = {"instability": [1, 2], "onset": [3]}
    base = CONTENT | {"targets": few}
    settings_of = [
        base,
        base | {"measure": "events"},
        base | {"violence": ["state-based"]},
        base | {"violence": ["state-based", "non-state"]},
        base | {"targets": few | {"onset": [6]}},
        base | {"targets": few | {"surge": [3]}},
        base | {"targets": few | {"fatalities": [1, 2]}},
    ]
    digests = [Configuration.model_validate(each).digest("admin1") for each in settings_of]
    assert len(set(digests)) == len(digests)


def test_some_months_are_left_to_learn_the_size_of_violence_from(tmp_path: Path) -> None:
    message = refusal(tmp_path, changed(("analogues", "months"), CONTENT["training"]["months"]))
    assert "[analogues] months must be fewer than [training] months" in message


def test_an_indicator_that_the_catalogue_does_not_hold_is_named(tmp_path: Path) -> None:
    message = refusal(tmp_path, changed(("indicators",), ["deaths", "deths_mean_3"]))
    assert "deths_mean_3" in message
    assert "deaths," not in message


def test_the_logistic_regression_may_read_only_what_is_chosen(tmp_path: Path) -> None:
    content = changed(("indicators",), ["deaths", "events"])
    content["logistic"]["indicators"] = ["deaths", "events_mean_3"]
    message = refusal(tmp_path, content)
    assert "[logistic]" in message
    assert "events_mean_3" in message


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe\x00", b"[[[", b"seed = " + b"9" * 5000])
def test_a_file_that_is_no_toml_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"broken\.toml cannot be read as TOML"):
        read_configuration(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.toml cannot be read"):
        read_configuration(tmp_path / "absent.toml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_configuration(tmp_path)


def test_an_experiment_without_some_indicators_is_otherwise_the_same(
    small_settings: dict[str, Any],
) -> None:
    whole = Configuration.model_validate(small_settings)
    less = whole.without({"deaths", "deaths_decay_6"})
    assert set(whole.indicator_names) - set(less.indicator_names) == {"deaths", "deaths_decay_6"}
    assert less.logistic.indicators == ("months_since_1", "neighbour_deaths_mean_3")
    changed = ("indicators", "logistic")
    assert less.model_copy(update={name: getattr(whole, name) for name in changed}) == whole
    assert whole.without(set()).indicator_names == whole.indicator_names


def test_an_experiment_that_would_read_nothing_is_refused(
    small_settings: dict[str, Any],
) -> None:
    whole = Configuration.model_validate(small_settings)
    with pytest.raises(ConfigurationError, match="tell none of the indicators of small"):
        whole.without(whole.indicator_names)


@pytest.mark.parametrize(
    ("history", "named"), [("any", None), ("ucdp", "ucdp"), ("my-counts", "my-counts")]
)
def test_a_history_is_named_or_any(
    small_settings: dict[str, Any], history: str, named: str | None
) -> None:
    chosen = small_settings | {"events": {"history": history, "summary": "end"}}
    assert Configuration.model_validate(chosen).events.named == named


def test_the_grid_differs_from_the_default_in_what_it_says() -> None:
    grid, default = (
        read_configuration(DEFAULT.with_name(f"{name}.toml")).model_dump()
        for name in ("grid", "default")
    )
    others = {key for key in grid if grid[key] != default[key]}
    assert others == {"name", "description", "levels", "targets", "backtest"}
    assert grid["levels"] == ("priogrid",)
    for target, horizons in grid["targets"].items():
        assert set(horizons) <= set(default["targets"][target])
    assert grid["backtest"] == default["backtest"] | {"years": 3}
