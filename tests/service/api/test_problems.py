import logging
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from service.api.problems import TITLES
from service.app import create_app
from tests.bulletins.example import NOW, publish_bulletin
from tests.service.conftest import serve_app, serve_home, wait_until


def read_problem(response: httpx.Response, status: int) -> str:
    """Check the form of a problem and return its detail."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert set(body) == {
        *("type", "title", "status", "detail", "instance", "simulated", "request_id"),
    }
    assert body["request_id"] == response.headers["x-request-id"]
    assert (body["type"], body["status"], body["title"]) == ("about:blank", status, TITLES[status])
    assert unquote(body["instance"]) == response.request.url.path
    detail: str = body["detail"]
    return detail


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("/v1/scores/MLI-mopty", "region 'MLI-mopty': did you mean MLI-mopti?"),
        ("/v1/scores/mli", "region 'mli': did you mean MLI?"),
        ("/v1/scores?region=MLI&region=nowhere", "region 'nowhere'"),
        ("/v1/scores?country=XXX", "country 'XXX': it has MLI, NER"),
        ("/v1/scores?country=Malli", "country 'Malli': did you mean Mali (MLI)?"),
        ("/v1/scores?country=nigr", "country 'nigr': did you mean Niger (NER)?"),
        ("/v1/scores?country=France", "country 'France' (FRA): it has MLI, NER"),
        ("/v1/scores?target_month=2030-01", "month 2030-01: it has 2025-01 to 2025-12"),
        ("/v1/scores?country=MLI&country=XXX&min_probability=1", "country 'XXX'"),
        ("/v1/scores?level=priogrid", "level 'priogrid': it has admin1, country"),
        ("/v1/scores?target=escalation&horizon=4", "horizon 4 of escalation: it has 3, 6, 12"),
        ("/v1/scores?bulletin=2024-12-ffffffffffff", "no bulletin '2024-12-ffffffffffff'"),
        ("/v1/regions?country=XXX", "country 'XXX'"),
        ("/v1/regions?level=priogrid", "level 'priogrid'"),
        ("/v1/bulletins/2024-12-ffffffffffff", "no bulletin '2024-12-ffffffffffff'"),
        ("/v1/bulletins/..%5C..", "no bulletin"),
        ("/v1/bulletins/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "nothing at"),
        ("/v1/bulletins/%00", "no bulletin"),
        ("/v1/scores/%00", "region"),
        ("/static/%2e%2e/%2e%2e/core.py", "nothing at"),
        ("/v1/score", "nothing at /v1/score: /docs"),
        ("/v1/scores/", "nothing at /v1/scores/"),
        ("/v2/scores", "nothing at /v2/scores"),
        ("/?level=priogrid", "level 'priogrid'"),
        ("/accuracy?level=priogrid", "level 'priogrid'"),
        ("/redoc", "nothing at /redoc"),
    ],
)
def test_what_does_not_exist_is_not_found_and_named(
    client: httpx.Client, address: str, named: str
) -> None:
    assert named in read_problem(client.get(address), 404)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/v1/scores?contry=MLI", "unknown parameter 'contry': did you mean 'country'?"),
        ("/v1/scores?Country=MLI", "unknown parameter 'Country': did you mean 'country'?"),
        ("/v1/scores?min_prob=0.5", "did you mean 'min_probability'?"),
        ("/v1/scores?month=2025-03", "did you mean 'target_month'?"),
        ("/v1/scores?zzz=1", "unknown parameter 'zzz': it takes bulletin, origin, as_of, level"),
        ("/v1/scores/MLI?horizon=3", "unknown parameter 'horizon': did you mean 'origin'?"),
        ("/v1/regions?horizon=3", "unknown parameter 'horizon'"),
        ("/v1/bulletins?bulletin=latest", "unknown parameter 'bulletin'"),
        ("/v1/bulletins/latest?x=1", "this address takes none"),
        ("/healthz?x=1", "this address takes none"),
        ("/readyz?x=1", "this address takes none"),
        ("/?leval=country", "did you mean 'level'?"),
        ("/v1/scores?level=district", "level: 'district' is refused"),
        ("/v1/scores?target=riot", "target: 'riot' is refused"),
        ("/v1/scores?origin=2024", "'2024' is refused: write a month as YYYY-MM, as in 2025-01"),
        ("/v1/scores?as_of=2024", "'2024' is refused: write a day as YYYY-MM-DD, as in 2025-01-31"),
        ("/v1/scores?target_month=May", "'May' is refused: write a month as YYYY-MM"),
        ("/v1/scores?bulletin=x", "write latest, or an id of the list of bulletins"),
        (
            "/v1/scores?bbox=1,2",
            "write the west, south, east and north edge in degrees",
        ),
        ("/v1/bulletins?after=x", "write an id of the list of bulletins"),
        ("/v1/scores?country=", "country: '' is refused"),
        ("/v1/compare?match=horizon", "a: has to be given"),
        ("/v1/scores?horizon=0", "horizon: '0' is refused"),
        ("/v1/scores?horizon=13", "horizon: '13' is refused"),
        ("/v1/scores?horizon=1&horizon=x", "horizon: '1,x' is refused"),
        ("/v1/scores?min_probability=50", "min_probability: '50' is refused"),
        ("/v1/scores?min_probability=nan", "min_probability: 'nan' is refused"),
        ("/v1/scores?min_probability=inf", "min_probability: 'inf' is refused"),
        ("/v1/scores?limit=0", "limit: '0' is refused"),
        ("/v1/scores?limit=10001", "limit: '10001' is refused"),
        ("/v1/scores?limit=ten", "limit: 'ten' is refused"),
        ("/v1/scores?sort=level", "sort: 'level' is refused"),
        ("/v1/scores?bulletin=../../etc", "bulletin: '../../etc' is refused"),
        ("/v1/scores?target=onset&target=escalation", "target: takes one value, 2 were given"),
        ("/v1/regions?limit=1&limit=2", "limit: takes one value, 2 were given"),
        ("/v1/scores?level=x&limit=y", "level: 'x' is refused"),
        ("/v1/scores?level=x&limit=y", "limit: 'y' is refused"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_refused_and_named(
    client: httpx.Client, address: str, said: str
) -> None:
    assert said in read_problem(client.get(address), 422)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/v1/scores", "/v1/bulletins/latest", "/", "/docs"])
def test_everything_is_read_only(client: httpx.Client, method: str, path: str) -> None:
    response = client.request(method, path)
    assert method in read_problem(response, 405)
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize(
    "path", ["/v1/scores", "/v1/scores/MLI", "/v1/regions", "/v1/bulletins", "/readyz", "/"]
)
def test_without_a_bulletin_the_service_is_unavailable_and_says_why(
    empty_client: httpx.Client, path: str
) -> None:
    response = empty_client.get(path)
    assert "no bulletin has been published yet" in read_problem(response, 503)
    assert response.json()["simulated"] is None


def test_without_a_bulletin_the_service_is_alive(empty_client: httpx.Client) -> None:
    alive = {"status": "alive", "version": version("tocsin"), "simulated": None}
    assert empty_client.get("/healthz").json() == alive


def test_a_damaged_old_bulletin_is_not_found(tmp_path: Path) -> None:
    old = publish_bulletin(tmp_path, id="2024-11-00000000000a", origin="2024-11")
    publish_bulletin(tmp_path)
    (tmp_path / "bulletins" / old.id / "scores.parquet").write_bytes(b"cut")
    with serve_home(tmp_path) as client:
        response = client.get("/v1/scores", params={"bulletin": old.id})
        detail = read_problem(response, 404)
        assert old.id in detail
        assert str(tmp_path) not in response.text


def test_a_fault_tells_the_log_and_not_the_client(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(home, now=lambda: NOW)

    @app.get("/fault")
    def fail() -> None:
        raise RuntimeError(f"secret of {home}")

    with caplog.at_level(logging.ERROR), serve_app(app) as client:
        response = client.get("/fault")
    assert "log says why" in read_problem(response, 500)
    assert "secret" not in response.text
    assert response.headers["tocsin-simulated"] == "true"
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert response.json()["simulated"] is True
    wait_until(lambda: "secret" in caplog.text)
