"""The scores of coups in a bulletin: rows and drivers of its countries, like those of violence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bulletins import form
from bulletins.manifest import CoupsUsed, Manifest, ReleaseUsed
from experiments.coups.fitting import COUP, ONE_ATTEMPT
from experiments.coups.registry import (
    NAME,
    CoupVersion,
    coup_version_for,
    load_coup_forecaster,
)
from experiments.coups.training import OF_STATES, releases_read, states_as_known
from experiments.publishing.drivers import Question, driver_rows, moves_between
from experiments.publishing.earlier import (
    EarlierBulletin,
    PreviousScores,
    releases_named,
)
from experiments.publishing.scores import LevelForecast
from experiments.tracking.store import MlflowStore
from features.archive.folders import Records
from features.archive.releases import Archive, Release
from features.archive.vintage import Vintage
from features.arrays import FloatArray, IntArray, Matrix
from features.indicators.state import known_states, select_state, state_table
from features.months import format_month
from features.states.history import StateHistory
from features.targets import any_of
from features.words import QUANTILES, Level, quantile_column
from models.coups import CoupForecaster, success_share
from models.explanation import usual_indicators

COUP_LEVEL: Level = "country"
_DEATHS = ("mean", *map(quantile_column, QUANTILES), form.UNREPORTED)


@dataclass(frozen=True, eq=False)
class CoupForecast:
    """What a version forecasts for n countries of a bulletin.

    `past` ends at the origin, and `countries` are their rows (id, name, country) in the bulletin.
    """

    version: CoupVersion
    forecaster: CoupForecaster
    past: StateHistory
    countries: pd.DataFrame
    releases: tuple[ReleaseUsed, ...]

    @cached_property
    def table(self) -> Matrix:
        """What learners read of all states in all months, (T, C, K)."""
        return state_table(self.past, self.forecaster.names).astype(np.float32)

    @cached_property
    def states(self) -> IntArray:
        """The columns of the countries in the past, (n,)."""
        columns = pd.Index(self.past.countries).get_indexer(pd.Index(self.countries["id"]))
        return np.asarray(columns, dtype=np.int64)

    @property
    def origin(self) -> int:
        """The last month of the past [months since 1970-01]."""
        return int(self.past.months[-1])

    def read_at(self, row: int) -> Matrix:
        """Return what learners read of the countries in a month, (n, K)."""
        return np.asarray(self.table[row, self.states])

    def probability(self, horizon: int) -> FloatArray:
        """Return the probability of an attempt in each country, (n,)."""
        return self.forecaster.learner(horizon).probability(self.read_at(-1))

    def used(self) -> CoupsUsed:
        """Describe the version, and the lists that were read."""
        share = success_share(self.past.attempts, self.past.successes)[-1, self.states]
        ids = self.countries["id"]
        return CoupsUsed(
            name=NAME,
            version=self.version.version,
            run_id=self.version.run_id,
            sha256=self.version.sha256,
            trained_to=format_month(self.version.trained_to),
            served=self.version.served,
            skill=self.version.skill,
            attempts=self.version.attempts,
            rows=len(self.states) * len(self.forecaster.horizons),
            releases=self.releases,
            success_shares=dict(zip(ids, share.round(3).tolist(), strict=True)),
            seizures=dict(self._seizures()),
            any_country={
                horizon: any_of(self.probability(horizon)) for horizon in self.forecaster.horizons
            },
        )

    def _seizures(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the months in which rebels seized the capital of a country."""
        months = self.past.months
        for country, state in zip(self.countries["id"], self.states, strict=True):
            seized = months[self.past.seizures[:, state] > 0].tolist()
            if seized:
                yield str(country), tuple(map(format_month, seized))


class _NamedLists(Archive):
    """Those releases of an archive that are named, and no others."""

    def __init__(self, archive: Archive, named: Mapping[Records, list[Release]]) -> None:
        super().__init__(archive.home)
        self._named = named

    def releases(self, records: Records = "events") -> list[Release]:
        """Return the releases of some records that are named."""
        return self._named.get(records, [])


def lists_named(archive: Archive, manifest: Manifest) -> Archive:
    """Return the lists and tables of coups that a bulletin names, and none that came since.

    Raises BulletinError if any is gone.
    """
    used = () if manifest.coups is None else manifest.coups.releases
    lists = [release for records in OF_STATES for release in archive.releases(records)]
    named = releases_named(lists, used, manifest.id, archive.home)
    return _NamedLists(
        archive, {kind: [r for r in named if r.records == kind] for kind in OF_STATES}
    )


def forecast_coups(
    store: MlflowStore,
    archive: Archive,
    vintage: Vintage,
    level: LevelForecast,
    version: CoupVersion | None = None,
) -> CoupForecast | None:
    """Forecast coups in the scored countries of a bulletin that are observed at its origin.

    By default with the newest version that learned from no later month. None without a version, a
    list of coups, or a country. Raises ModelError when the version cannot be loaded.
    """
    own = version or coup_version_for(store, level.origin, simulated=vintage.simulated)
    if own is None:
        return None
    countries = level.panel.regions.table[level.scored]
    return forecast_countries(store, archive, vintage, level.origin, countries, own)


def forecast_countries(
    store: MlflowStore,
    archive: Archive,
    vintage: Vintage,
    origin: int,
    countries: pd.DataFrame,
    version: CoupVersion,
) -> CoupForecast | None:
    """Forecast coups in those of some countries (id, name, country) that a list observes then.

    None without a list of coups, or a country. Raises ModelError when the version cannot be loaded.
    """
    history = states_as_known(archive, vintage.as_of, simulated=vintage.simulated)
    if history is None or not history.months[0] <= origin <= history.months[-1]:
        return None
    past = history.until(origin)
    codes = pd.Index(past.countries[known_states(past)[-1]])
    countries = countries[countries["id"].isin(codes)].reset_index(drop=True)
    if countries.empty:
        return None
    releases = tuple(
        ReleaseUsed.model_validate(release, from_attributes=True)
        for release in releases_read(archive, vintage)
    )
    return CoupForecast(version, load_coup_forecaster(store, version), past, countries, releases)


def coup_scores(forecast: CoupForecast) -> pd.DataFrame:
    """Return the scores of coups, as SCORES_SCHEMA."""
    countries, nothing = forecast.countries, dict.fromkeys(_DEATHS, np.nan)
    parts = [
        pd.DataFrame(
            {
                "region": countries["id"],
                "name": countries["name"],
                "country": countries["country"],
                "level": COUP_LEVEL,
                "target": COUP,
                "horizon": horizon,
                "target_month": format_month(forecast.origin + horizon),
                "threshold": ONE_ATTEMPT,
                "model_version": forecast.version.label,
                "probability": forecast.probability(horizon),
            }
        ).assign(**nothing)
        for horizon in forecast.forecaster.horizons
    ]
    return pd.concat(parts, ignore_index=True)


def coup_drivers(forecast: CoupForecast, previous: EarlierBulletin | None) -> pd.DataFrame:
    """Return the drivers of the scores of coups, as DRIVERS_SCHEMA."""
    usual, is_own = usual_indicators(forecast.table, known_states(forecast.past))
    parts = []
    for horizon in forecast.forecaster.horizons:
        question = Question(
            probability=forecast.forecaster.learner(horizon).probability,
            indicators=select_state(forecast.forecaster.names),
            regions=forecast.countries["id"].to_numpy(dtype=object),
            present=forecast.read_at(-1),
            usual=usual[forecast.states],
            is_own=is_own[forecast.states],
            before=_before(forecast, previous, horizon),
        )
        rows = driver_rows(question).assign(level=COUP_LEVEL, target=COUP, horizon=horizon)
        parts.append(rows[list(form.DRIVERS_SCHEMA.names)])
    return pd.concat(parts, ignore_index=True)


def coup_moves(before: CoupForecast, after: CoupForecast) -> pd.DataFrame:
    """Return what moved scores of coups from one forecast to another, as `family_moves`.

    Both are of the same countries and version.
    """
    was, now = before.read_at(-1), after.read_at(-1)
    indicators = select_state(after.forecaster.names)
    regions = after.countries["id"].to_numpy(dtype=object)
    parts = [
        moves_between(
            after.forecaster.learner(horizon).probability, indicators, regions, was, now
        ).assign(target=COUP, horizon=horizon)
        for horizon in after.forecaster.horizons
    ]
    return pd.concat(parts, ignore_index=True)


def _before(
    forecast: CoupForecast, previous: EarlierBulletin | None, horizon: int
) -> PreviousScores | None:
    if previous is None or previous.origin < forecast.past.first_month:
        return None
    ids = forecast.countries["id"].to_numpy(dtype=object)
    scores = previous.of(COUP_LEVEL, COUP, horizon, ids)
    return PreviousScores(
        probability=scores["probability"].to_numpy(dtype=np.float64),
        is_same_model=(scores["model_version"] == forecast.version.label).to_numpy(dtype=bool),
        indicators=forecast.read_at(forecast.past.row(previous.origin)),
    )
