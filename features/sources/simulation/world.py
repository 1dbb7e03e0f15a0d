"""Simulate the world, and deliver it to the archive."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.archive.coverage import Coverage, Span
from features.archive.delivery import Identity, ReleaseContent
from features.archive.releases import (
    DELETED_FILE,
    DELETED_SCHEMA,
    EVENTS_FILE,
    REJECTED_FILE,
    REJECTED_SCHEMA,
)
from features.archive.schemas import EVENTS_SCHEMA
from features.arrays import IntArray
from features.errors import InputError
from features.hashes import sha256_of
from features.months import format_month, month_of, parse_month
from features.places.regions import Regions
from features.sources.simulation.events import events_table
from features.sources.simulation.parameters import PoliticalParameters, SimulationParameters
from features.sources.simulation.politics import Politics, simulate_politics
from features.sources.simulation.process import (
    EventDraws,
    Setting,
    State,
    draw_setting,
    initial_state,
    step,
)
from features.sources.states.delivery import StateDelivery, in_order

_SETTING, _PATH, _EVENTS, _POLITICS = range(4)
"""Every use of a seed has a stream of its own."""


@dataclass(frozen=True, eq=False)
class World:
    """One simulated history with all that is hidden in a real one.

    `months` (M,) [months since 1970-01]; `events` in the normal form, by day, and as they were
    drawn, months in place of paths; `states` are those at the END of each month, in place of paths.
    """

    parameters: SimulationParameters
    regions: Regions
    seed: int
    months: IntArray
    setting: Setting
    states: State
    draws: EventDraws
    events: pd.DataFrame


def simulate(parameters: SimulationParameters, regions: Regions, seed: int) -> World:
    """Simulate admin1 regions from a seed; raises InputError for another level or negative seed."""
    if regions.level != "admin1" or regions.table.empty:
        raise InputError(
            f"the simulated world needs admin1 regions, not {len(regions.table)} of level "
            f"{regions.level}: load them with load_regions('admin1')"
        )
    if seed < 0:
        raise InputError(f"{seed} cannot be a seed: give a whole number from 0")
    setting = draw_setting(parameters, regions.neighbours, _stream(seed, _SETTING))
    first, last = parse_month(parameters.first_month), parse_month(parameters.last_month)
    months = np.arange(first, last + 1, dtype=np.int64)
    states, draws = _walk(setting, months, _stream(seed, _PATH))
    rng = _stream(seed, _EVENTS)
    events = events_table(regions, months, states, draws, parameters.towns, seed, rng)
    return World(
        parameters=parameters,
        regions=regions,
        seed=seed,
        months=months,
        setting=setting,
        states=states,
        draws=draws,
        events=events,
    )


def _walk(setting: Setting, months: IntArray, rng: np.random.Generator) -> tuple[State, EventDraws]:
    """Walk one path; return the states and events of the months, numbered by month, not by path."""
    state = initial_state(setting)
    states: list[State] = []
    draws: list[EventDraws] = []
    for month in range(int(months[0]) - setting.parameters.warm_up, int(months[-1]) + 1):
        state, events = step(setting, state, month, rng)
        if month >= months[0]:
            states.append(state)
            draws.append(events)
    number = np.repeat(np.arange(len(months)), [len(events.deaths) for events in draws])
    joined = EventDraws(*(np.concatenate(arrays) for arrays in zip(*draws, strict=True)))
    states_of_months = State(*(np.concatenate(arrays) for arrays in zip(*states, strict=True)))
    return states_of_months, joined._replace(path=number)


def _stream(seed: int, use: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(use,)))


@dataclass(frozen=True, eq=False)
class WorldDelivery:
    """Simulated events on their way into the archive."""

    identity: Identity
    events: pd.DataFrame

    def write(self, folder: Path) -> ReleaseContent:
        """Write the events, none of which was rejected or deleted."""
        ordered = self.events.sort_values(["date_end", "event_id"], kind="stable")
        tables = {
            EVENTS_FILE: pa.Table.from_pandas(ordered, EVENTS_SCHEMA, preserve_index=False),
            REJECTED_FILE: REJECTED_SCHEMA.empty_table(),
            DELETED_FILE: DELETED_SCHEMA.empty_table(),
        }
        content = hashlib.sha256()
        for name, table in tables.items():
            bare = table.replace_schema_metadata(None)
            pq.write_table(bare, folder / name, compression="zstd")
            content.update((folder / name).read_bytes())
        return ReleaseContent(content.hexdigest(), len(ordered), rows_rejected=0)


SOURCE = "simulation"


def deliver(world: World, available_on: date) -> WorldDelivery:
    """Return the events of months that were over on a day; raises InputError when none was."""
    first = int(world.months[0])
    last = min(int(world.months[-1]), month_of(available_on) - 1)
    if last < first:
        raise InputError(
            f"nothing of the simulated world was over on {available_on}: its first month is "
            f"{format_month(first)}; give a later day"
        )
    is_public = world.events["date_end"] < pd.Timestamp(available_on.replace(day=1))
    countries = sorted(set(world.regions.table["country"]))
    return WorldDelivery(
        Identity(
            history=SOURCE,
            source=SOURCE,
            release=f"seed-{world.seed}-{format_month(last)}",
            kind="final",
            available_on=available_on,
            coverage=Coverage(tuple(Span(country, first, last) for country in countries)),
            file_name=f"the simulated world of seed {world.seed}",
            simulated=True,
        ),
        world.events.loc[is_public].reset_index(drop=True),
    )


def politics_of(world: World) -> Politics:
    """Return what happens to the states of a world: to its violence it has no bearing."""
    countries = sorted(set(world.regions.table["country"]))
    stream = _stream(world.seed, _POLITICS)
    return simulate_politics(PoliticalParameters(), countries, int(world.months[-1]), stream)


def deliver_states(world: World, available_on: date) -> list[StateDelivery]:
    """Return the coups, conditions and elections known on a day, of months that were over."""
    events = deliver(world, available_on).identity
    tables = politics_of(world).tables
    over = pd.to_datetime(tables["coups"]["date"]) < pd.Timestamp(available_on.replace(day=1))
    tables["coups"] = tables["coups"][over]
    for records in ("conditions", "elections"):
        table = tables[records]
        tables[records] = table[table["published"] <= available_on]
    votes = tables["elections"]
    to_come = votes["withdrawn"].map(lambda day: day is not None and day > available_on)
    tables["elections"] = votes.assign(withdrawn=votes["withdrawn"].mask(to_come, None))
    first = parse_month(PoliticalParameters().first_month)
    spans = (span._replace(first_month=first) for span in events.coverage.spans)
    coverage = Coverage(tuple(spans))
    return [
        _states_delivery(replace(events, records=records, coverage=coverage), table)
        for records, table in tables.items()
    ]


def _states_delivery(identity: Identity, table: pd.DataFrame) -> StateDelivery:
    rows = in_order(table, identity.records)
    sha256 = sha256_of(rows.to_csv(index=False, lineterminator="\n").encode())
    content = ReleaseContent(sha256, len(rows), rows_rejected=0)
    return StateDelivery(identity, rows, REJECTED_SCHEMA.empty_table().to_pandas(), content)
