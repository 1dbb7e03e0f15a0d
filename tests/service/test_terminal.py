from pathlib import Path
from typing import Any

import httpx
import pytest

from features.errors import TocsinError
from service.errors import NoBulletinError, ParameterError, UnknownError
from service.terminal import top_scores


def test_the_terminal_gives_what_the_api_gives(home: Path, client: httpx.Client) -> None:
    manifest, scores = top_scores(
        home, country=["MLI"], level="admin1", target="instability", horizon=[1, 2], limit=3
    )
    address = "/v1/scores?country=MLI&level=admin1&target=instability&horizon=1&horizon=2&limit=3"
    body = client.get(address).json()
    assert [score.model_dump(mode="json") for score in scores] == body["items"]
    assert manifest.id == body["bulletin"]["id"]
    assert manifest.simulated


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"country": ["XXX"]}, UnknownError, "country 'XXX'"),
        ({"country": ["mali"]}, ParameterError, "country: 'mali' is refused"),
        ({"target": "coup"}, ParameterError, "target: 'coup' is refused"),
        ({"limit": 0}, ParameterError, "limit: '0' is refused"),
        ({"region": ["nowhere"]}, UnknownError, "region 'nowhere'"),
    ],
)
def test_what_the_terminal_refuses_is_one_plain_line(
    home: Path, asked: dict[str, Any], error: type[TocsinError], said: str
) -> None:
    with pytest.raises(error) as refusal:
        top_scores(home, **asked)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_terminal_says_when_nothing_is_published(tmp_path: Path) -> None:
    with pytest.raises(NoBulletinError, match="no bulletin"):
        top_scores(tmp_path)
