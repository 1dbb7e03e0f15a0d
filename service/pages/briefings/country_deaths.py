"""The deaths of one country: month by month so far, and what is forecast of the whole country."""

from collections.abc import Sequence

from markupsafe import Markup

from bulletins.form import HISTORY_FILE
from bulletins.tables import Frame
from features.language import Language, message
from service.api.schemas import Score
from service.pages.deaths import months_ahead, months_so_far
from service.pages.drawing.charts import deaths_chart
from service.store.bulletins import Bulletin


def deaths_so_far(bulletin: Bulletin, regions: Sequence[str]) -> dict[str, float | None]:
    """Return the deaths of some regions together by month, YYYY-MM [deaths/month].

    A month is None where none of them was observed. Older bulletins have no months.
    """
    if HISTORY_FILE not in bulletin.parts:
        return {}
    history = Frame(bulletin.part(HISTORY_FILE).whole(["region", "month", "deaths"]))
    rows = history.take(history.rows[history.among("region", regions)]).to_pylist()
    deaths: dict[str, float | None] = {row["month"]: None for row in rows}
    for row in rows:
        if row["deaths"] is not None:
            deaths[row["month"]] = (deaths[row["month"]] or 0.0) + row["deaths"]
    return deaths


def country_chart(
    so_far: dict[str, float | None], ahead: Sequence[Score], language: Language
) -> Markup | None:
    """Return the chart of deaths so far and of distributions ahead; None without either."""
    if not so_far and not ahead:
        return None

    past, fans = months_so_far(so_far, language), months_ahead(ahead, language)
    name = language.gettext(message("Deaths a month, so far and forecast"))
    return Markup(deaths_chart(past, fans, language.number, name).svg)  # noqa: S704
