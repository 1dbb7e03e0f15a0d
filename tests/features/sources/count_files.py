"""Small files of counts, and what is read of them."""

from datetime import date
from pathlib import Path
from typing import Any

from features.sources.counts import CountsDelivery, CountsOptions, read_counts

JANUARY = 600  # 2020-01
HEADER = "country,region,month,deaths"
WHOLE_ROW = "counts a whole country: it is of use at the level country only"
HAPI = """\
location_code,has_hrp,in_gho,provider_admin1_name,provider_admin2_name,admin1_code,admin1_name,\
admin2_code,admin2_name,admin_level,event_type,events,fatalities,reference_period_start,\
reference_period_end,dataset_id,resource_id,warning,error
#country+code,#meta+has_hrp,#meta+in_gho,#adm1+name+provider,#adm2+name+provider,#adm1+code,\
#adm1+name,#adm2+code,#adm2+name,#adm+level,#event+type,#indicator+event+num,#affected+killed,\
#date+start,#date+end,#meta+dataset_id,#meta+resource_id,#meta+warning,#meta+error
"""
PERIOD = "2020-01-01 00:00:00+00:00,2020-01-31 00:00:00+00:00,d,r,,"


def options_of(**other: Any) -> CountsOptions:
    """Return the options of a reader of counts of regions, with these instead."""
    plain: dict[str, Any] = {
        "source": "s",
        "level": "admin1",
        "release": "1",
        "available_on": date(2021, 1, 1),
    }
    return CountsOptions(**plain | other)


def read(folder: Path, text: str, **other: Any) -> CountsDelivery:
    """Write a file, and read it."""
    file = folder / "counts.csv"
    file.write_text(text, encoding="utf-8")
    return read_counts(file, options_of(**other))


def rows(folder: Path, *lines: str, header: str = HEADER, **other: Any) -> CountsDelivery:
    """Write a file of these lines below a header, and read it."""
    return read(folder, "\n".join([header, *lines]) + "\n", **other)


def counts_of(delivery: CountsDelivery) -> list[tuple[Any, ...]]:
    """Return region, month, type, events and deaths."""
    return list(delivery.counts.drop(columns="country").itertuples(index=False, name=None))


def spans_of(delivery: CountsDelivery) -> list[tuple[str, int, int]]:
    """Return the months that are observed: country, first and last."""
    return [(s.country, s.first_month, s.last_month) for s in delivery.identity.coverage.spans]
