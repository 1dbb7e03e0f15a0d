"""A real nginx with the file of the deployment, in front of a real service."""

import gzip
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from service.settings import Settings
from tests.browser import needs_chromium
from tests.deployment.conftest import DEPLOYMENT, free_port, needs, running
from tests.service.conftest import serve_app, serving_with

pytestmark = needs("nginx", "openssl")

AROUND = """
daemon off;
master_process off;
pid nginx.pid;
events {{ }}
http {{
    access_log off;
    gzip on;
    gzip_types *;
    gzip_min_length 1;
    {paths}
    include tocsin.conf;
}}
"""
"""What Debian's own nginx.conf has around the file, which compresses all it can."""

PATHS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
PREFIX = "/tocsin"
SLOWEST_S = 0.3


class Proxied(NamedTuple):
    """The addresses of a service: as people reach it, the same without TLS, and its own."""

    public: str
    plain: str
    service: httpx.Client
    folder: Path

    def client(self, source: str = "127.0.0.1") -> httpx.Client:
        """A client of an address of this machine, which trusts the certificate."""
        transport = httpx.HTTPTransport(verify=trusting(self.folder), local_address=source)
        return httpx.Client(transport=transport, base_url=self.public)


def trusting(folder: Path) -> ssl.SSLContext:
    """What trusts the certificate of a folder."""
    return ssl.create_default_context(cafile=str(folder / "tocsin.pem"))


def make_certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", "tocsin.key", "-out", "tocsin.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


def configured(folder: Path, changes: dict[str, str]) -> Path:
    """The file of the deployment with each text changed, which must be in it, and nginx's own."""
    text = (DEPLOYMENT / "nginx.conf").read_text()
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    (folder / "tocsin.conf").write_text(text)
    paths = " ".join(f"{name}_temp_path {folder}/{name};" for name in PATHS)
    (folder / "nginx.conf").write_text(AROUND.format(paths=paths))
    return folder / "nginx.conf"


@contextmanager
def nginx(folder: Path, service: str, port: int, plain_port: int) -> Iterator[None]:
    """An nginx on two ports, with TLS and without, in front of a service's host and port."""
    make_certificate(folder)
    changes = {
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "127.0.0.1:8000": service,
        "/etc/ssl/certs/risk.example.org.pem": f"{folder}/tocsin.pem",
        "/etc/ssl/private/risk.example.org.key": f"{folder}/tocsin.key",
        "client_header_timeout 10s": f"client_header_timeout {SLOWEST_S * 1000:.0f}ms",
    }
    file = configured(folder, changes)
    with running(["nginx", "-e", "stderr", "-p", str(folder), "-c", str(file)], folder, port):
        yield


@pytest.fixture(scope="module")
def proxied(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder, port, plain_port = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    public = f"https://127.0.0.1:{port}{PREFIX}"
    settings = Settings(public_url=public, trust_proxy=True, limit_loopback=True)
    with serving_with(home, settings) as service:
        host = service.base_url.netloc.decode()
        with nginx(folder, host, port, plain_port):
            yield Proxied(public, f"http://127.0.0.1:{plain_port}", service, folder)


@pytest.fixture(scope="module")
def client(proxied: Proxied) -> Iterator[httpx.Client]:
    with proxied.client() as opened:
        yield opened


def test_the_page_and_all_that_it_needs_lie_below_the_prefix(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    addresses = {part.split('"')[0] for part in page.text.split('="../assets/')[1:]}
    addresses |= {part.split('"')[0] for part in page.text.split('="./assets/')[1:]}
    assert addresses
    for address in addresses:
        assert client.get(f"/assets/{address}").status_code == 200, address
    assert f'content="{client.base_url}map.png' in page.text


@needs_chromium
def test_the_page_works_below_the_prefix(
    browser: Browser, proxied: Proxied, tmp_path: Path
) -> None:
    with browser.new_page(ignore_https_errors=True) as page:
        failures: list[str] = []
        page.on("response", lambda answer: failures.append(answer.url) if not answer.ok else None)
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(f"{proxied.public}/?level=country")
        page.get_by_role("link", name="Mali").first.click()
        page.wait_for_url("**/tocsin/?*region=MLI*")
        page.wait_for_load_state("networkidle")
    assert failures == []


def test_addresses_in_answers_lead_back_through_the_proxy(
    client: httpx.Client, proxied: Proxied
) -> None:
    page = client.get("/v1/scores?limit=3")
    links = page.links
    assert links["next"]["url"] == proxied.public + page.json()["next"]
    for name in ("next", "describedby"):
        assert client.get(links[name]["url"]).status_code == 200
    (server,) = client.get("/openapi.json").json()["servers"]
    assert server == {"url": proxied.public}
    links = client.get("/ogc").json()["links"]
    ours = [link["href"] for link in links if link["rel"] != "license"]
    assert ours
    assert [address for address in ours if not address.startswith(proxied.public)] == []


def test_paths_with_letters_of_all_languages_arrive(client: httpx.Client) -> None:
    found = client.get("/v1/regions", params={"name": "Tillabéri"}).json()
    assert [region["name"] for region in found["items"]] == ["Tillabéri"]
    unknown = client.get("/v1/scores/Tillabéri x")
    assert (unknown.status_code, "Tillabéri x" in unknown.json()["detail"]) == (404, True)


def test_nobody_is_served_without_tls(proxied: Proxied) -> None:
    there = httpx.get(f"{proxied.plain}{PREFIX}/v1/scores?limit=3")
    assert there.status_code == 308
    assert there.headers["location"] == f"https://127.0.0.1{PREFIX}/v1/scores?limit=3"


def test_the_service_knows_that_people_come_over_tls(client: httpx.Client) -> None:
    for path in ("/", "/nowhere", "/metrics"):
        answer = client.get(path)
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_an_answer_is_compressed_by_the_service(client: httpx.Client) -> None:
    path = "/v1/scores?limit=50"
    with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed) == client.get(path, headers={"Accept-Encoding": ""}).content


@pytest.mark.parametrize("path", ["/v1/scores", "/v1/regions?limit=1&format=csv&country=NER"])
def test_an_answer_is_known_again(client: httpx.Client, path: str) -> None:
    etag = client.get(path).headers["etag"]
    assert etag.startswith('"')  # by a weak one no part could be asked for
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


def test_clients_are_told_apart_by_their_own_addresses(proxied: Proxied) -> None:
    false = {"X-Forwarded-For": "203.0.113.9"}
    with proxied.client("127.0.0.2") as one, proxied.client("127.0.0.3") as other:
        counts = [one.get("/v1/targets").headers["ratelimit-remaining"]]
        counts.append(other.get("/v1/targets").headers["ratelimit-remaining"])
        counts.append(one.get("/v1/targets", headers=false).headers["ratelimit-remaining"])
    assert counts == ["599", "599", "598"]


def test_metrics_are_not_for_the_public(client: httpx.Client, proxied: Proxied) -> None:
    assert client.get("/metrics").status_code == 404
    assert proxied.service.get("/metrics").status_code == 200


def test_a_greedy_client_is_refused_and_others_are_served(proxied: Proxied) -> None:
    with proxied.client("127.0.0.4") as greedy, proxied.client("127.0.0.5") as other:
        answers = [greedy.get("/healthz") for _ in range(100)]
        assert other.get("/healthz").status_code == 200
    statuses = [answer.status_code for answer in answers]
    assert statuses[:50] == [200] * 50
    refusal = next(answer for answer in answers if answer.status_code != 200)
    assert (refusal.status_code, refusal.json()["status"]) == (429, 429)
    assert refusal.headers["content-type"] == "application/problem+json"


def test_a_large_body_never_reaches_the_service(client: httpx.Client) -> None:
    answer = client.post("/v1/scores", content=b"x" * 20_000)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert "Tocsin-Bulletin" not in answer.headers


def test_a_slow_client_occupies_the_proxy_alone(proxied: Proxied) -> None:
    address = httpx.URL(proxied.public)
    context = trusting(proxied.folder)
    before = requests_of(proxied)
    with (
        socket.create_connection((address.host, address.port or 443), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=address.host) as slow,
    ):
        slow.sendall(b"GET /tocsin/v1/targets HTTP/1.1\r\nHost: x\r\n")
        assert b"HTTP" not in slow.recv(1000)  # nginx ends it, and had asked for nothing
    assert requests_of(proxied) == before


def test_a_client_that_reads_nothing_occupies_the_proxy_alone(tmp_path: Path) -> None:
    app, done, port = FastAPI(), threading.Event(), free_port()
    chunk, chunks = b"x" * 2**16, 400  # more than all buffers of the system hold

    @app.get("/large")
    def give() -> StreamingResponse:
        after = BackgroundTask(done.set)
        return StreamingResponse((chunk for _ in range(chunks)), background=after)

    with (
        serve_app(app) as service,
        nginx(tmp_path, service.base_url.netloc.decode(), port, free_port()),
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        trusting(tmp_path).wrap_socket(plain, server_hostname="127.0.0.1") as slow,
    ):
        slow.sendall(f"GET {PREFIX}/large HTTP/1.0\r\n\r\n".encode())
        assert done.wait(10)
        answer = b"".join(iter(lambda: slow.recv(2**16), b""))
    assert answer.count(b"x") >= chunks * len(chunk)


def requests_of(proxied: Proxied) -> float:
    """The number of requests that the service has answered, but for those of its metrics."""
    lines = proxied.service.get("/metrics").text.splitlines()
    counted = [line for line in lines if line.startswith("tocsin_requests_total{")]
    return sum(float(line.split()[-1]) for line in counted if 'route="/metrics"' not in line)


def test_http_2_is_spoken(proxied: Proxied) -> None:
    address = httpx.URL(proxied.public)
    context = trusting(proxied.folder)
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((address.host, address.port or 443), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=address.host) as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"


def test_a_service_that_is_away_is_a_problem_document(tmp_path: Path) -> None:
    port = free_port()
    with nginx(tmp_path, f"127.0.0.1:{free_port()}", port, free_port()):
        proxied = Proxied(f"https://127.0.0.1:{port}{PREFIX}", "", httpx.Client(), tmp_path)
        with proxied.client() as client:
            answer = client.get("/v1/scores")
    assert (answer.status_code, answer.json()["status"]) == (502, 502)
    assert answer.headers["content-type"] == "application/problem+json"
