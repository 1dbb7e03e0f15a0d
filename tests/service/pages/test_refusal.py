import httpx
import pytest

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("address", "status", "detail"),
    [
        ("/nothing", 404, "there is nothing at /nothing"),
        ("/regions/ZZ-99", 404, "does not score region &#39;ZZ-99&#39;"),
        ("/?lang=xx", 422, "lang: &#39;xx&#39; is refused"),
        ("/regions/<script>", 404, "does not score region &#39;&lt;script&gt;&#39;"),
    ],
)
def test_a_browser_gets_a_page_and_a_program_a_problem(
    client: httpx.Client, address: str, status: int, detail: str
) -> None:
    page, answer = client.get(address, headers=BROWSER), client.get(address)
    assert page.status_code == answer.status_code == status
    assert "<h1>This page cannot be shown</h1>" in page.text
    assert detail in page.text
    assert '<a href="' in page.text
    assert "Accept" in page.headers["vary"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_api_answers_a_browser_with_a_problem_too(client: httpx.Client) -> None:
    answer = client.get("/v1/regions/ZZ-99", headers=BROWSER)
    assert answer.headers["content-type"] == "application/problem+json"


def test_before_the_first_bulletin_people_read_that_there_is_none(
    empty_client: httpx.Client,
) -> None:
    page = empty_client.get("/", headers=BROWSER | {"accept-language": "fr"})
    assert page.status_code == 503
    assert "<h1>Cette page ne peut pas être affichée</h1>" in page.text
    assert '<span lang="en">no bulletin has been published yet' in page.text
    assert '<p><a href="' not in page.text
