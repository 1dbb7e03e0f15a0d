from pathlib import Path

import pytest

from features.errors import ConfigurationError
from features.scenarios.statements import MOST_MONTHS, Pattern, Scenario, read_scenario

WHOLE = """
name = "Kayes and the road"
text = "What if?"
months = 3

[[violence]]
corridor = "MLI-dakar"
as = "worst quarter"

[[violence]]
regions = ["MLI-kayes"]
as = {region = "MLI-mopti", period = ["2022-01", "2022-12"]}

[[violence]]
countries = ["Mali"]
times = 2

[[events]]
region = "MLI-kayes"
month = 3
deaths = 12
actors = ["JNIM", "Government of Mali"]

[[coups]]
country = "Mali"
month = 2
outcome = "success"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "scenario.toml"
    path.write_text(text)
    return path


def test_a_file_says_what_is_supposed_in_its_order(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path, WHOLE))
    assert [statement.times for statement in scenario.violence] == [None, None, 2.0]
    assert scenario.violence[0].likeness == "worst quarter"
    kayes = Pattern(region="MLI-mopti", period=("2022-01", "2022-12"))
    assert scenario.violence[1].likeness == kayes
    assert (scenario.events[0].violence, scenario.events[0].count) == ("state-based", 1)
    assert (scenario.coups[0].country, scenario.coups[0].outcome) == ("Mali", "success")
    assert scenario.bulletin is None


def test_what_is_written_of_a_scenario_says_the_same_again(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path, WHOLE))
    text = scenario.model_dump_json()
    assert '"as":"worst quarter"' in text
    assert "likeness" not in text
    assert Scenario.model_validate_json(text) == scenario


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("months = 3", "months = 0"), "months: "),
        (("months = 3", f"months = {MOST_MONTHS + 1}"), "months: "),
        (("months = 3", "month = 3"), "month: Extra inputs"),
        (('name = "Kayes and the road"', 'name = " "'), "name: write a line"),
        (("times = 2", "times = -1"), "violence.2.times"),
        (("times = 2", "time = 2"), "violence.2.time: Extra inputs"),
        (("times = 2", ""), "say times or as"),
        (("times = 2", 'times = 2\nas = "worst quarter"'), "say times or as"),
        (("times = 2", "times = 2\ncorridor = 'MLI-dakar'"), "one of the three"),
        (("times = 2", 'times = 2\nsince = "2020-01"'), "since: it goes with"),
        (('corridor = "MLI-dakar"', 'regions = ["MLI-kayes"]'), "name a corridor"),
        (('"worst quarter"', '"best quarter"'), "'worst quarter'"),
        (('regions = ["MLI-kayes"]', 'corridor = "MLI-dakar"'), "name the regions"),
        (('"2022-12"]', '"2021-12"]'), "the last month lies before the first"),
        (('"2022-12"]', '"2022-13"]'), "'2022-13' is not a month"),
        (("month = 3", "month = 4"), "an event is in month 4 of months = 3"),
        (("month = 2", "month = 5"), "a coup is in month 5 of months = 3"),
        (("month = 2", "month = 0"), "coups.0.month"),
        (('"success"', '"plot"'), "coups.0.outcome"),
        (("months = 3", 'months = 3\nlevel = "admin1"'), "coups: they are of countries"),
        (("deaths = 12", "deaths = -1"), "events.0.deaths"),
        (("deaths = 12", "deaths = 12\nlatitude = 14.5"), "latitude and longitude"),
        (('region = "MLI-kayes"\nmonth', "month"), "name a region, or latitude"),
        (("deaths = 12", 'deaths = 12\nviolence = "one-sided"'), "the other side are civilians"),
        (("deaths = 12", 'deaths = 12\nviolence = "riot"'), "events.0.violence"),
    ],
)
def test_a_mistake_is_one_line_that_says_where_it_is(
    tmp_path: Path, change: tuple[str, str], fault: str
) -> None:
    assert change[0] in WHOLE
    with pytest.raises(ConfigurationError) as refusal:
        read_scenario(written(tmp_path, WHOLE.replace(*change, 1)))
    assert fault in str(refusal.value)
    assert "\n" not in str(refusal.value)
