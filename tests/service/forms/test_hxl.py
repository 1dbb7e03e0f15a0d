import csv
import io
import re

import httpx
import pyarrow as pa
import pytest

from service.forms.hxl import hashtags_of

CORE = {
    *("#adm1", "#affected", "#country", "#date", "#description", "#event", "#geo", "#group"),
    *("#indicator", "#loc", "#meta", "#severity", "#status"),
}
"""Those of the dictionary of HXL 1.1 that columns here have."""

HASHTAG = re.compile(r"#[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)*")

LISTS = {
    "/v1/scores?level=admin1": "#adm1+code+v_tocsin",
    "/v1/scores?level=country": "#country+code+v_tocsin",
    "/v1/scores": "#loc+code+v_tocsin",
    "/v1/regions?level=admin1": "#adm1+name",
    "/v1/movers?level=admin1": "#adm1+code+v_iso_3166_2",
    "/v1/regions/MLI-gao/history": "#affected+killed+one_sided",
    "/v1/compare?a=latest&match=target_month": "#indicator+probability+b+num",
    "/v1/capitals": "#loc+code",
    "/v1/capitals/MLI": "#country+code+v_iso3",
    "/v1/corridors": "#loc+name",
    "/v1/actors": "#group+name",
    "/v1/targets": "#indicator+name",
    "/v1/indicators": "#indicator+name",
    "/v1/track-record": "#date+as_of",
    "/v1/scenarios": "#meta+hypothetical",
    "/v1/bulletins": "#meta+id+code",
}


def rows_of(client: httpx.Client, address: str) -> list[list[str]]:
    response = client.get(f"{address}{'&' if '?' in address else '?'}format=hxl")
    assert response.status_code == 200, response.text
    return list(csv.reader(io.StringIO(response.text)))


@pytest.mark.parametrize(("address", "hashtag"), LISTS.items())
def test_the_second_row_of_every_list_has_hashtags(
    months_client: httpx.Client, address: str, hashtag: str
) -> None:
    header, hashtags, *rows = rows_of(months_client, address)
    assert len(header) == len(hashtags) == len(set(header))
    told = [tag for tag in hashtags if tag]
    assert hashtag in told
    assert len(set(told)) == len(told)
    assert all(HASHTAG.fullmatch(tag) for tag in told)
    assert {tag.partition("+")[0] for tag in told} <= CORE
    plain = months_client.get(f"{address}{'&' if '?' in address else '?'}format=csv").text
    assert [header, *rows] == list(csv.reader(io.StringIO(plain)))


def test_what_is_tagged_as_a_number_or_a_date_is_one(client: httpx.Client) -> None:
    _, hashtags, *rows = rows_of(client, "/v1/scores?level=admin1")
    assert len(rows) > 60
    for tag, *column in zip(hashtags, *rows, strict=True):
        if tag.startswith("#affected") or "+num" in tag:
            assert all(float(cell) >= 0 for cell in column if cell)
        if tag.startswith("#date"):
            assert all(re.match(r"\d{4}-\d{2}", cell) for cell in column)


def test_excel_opens_it_and_the_file_says_what_it_is(client: httpx.Client) -> None:
    response = client.get("/v1/regions?level=admin1&format=hxl&excel=true")
    assert response.content.startswith(b"\xef\xbb\xbf" + b'"id","name"')
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"].endswith('.hxl.csv"')
    assert '\n"#adm1+code+v_tocsin","#adm1+name",' in response.text


def test_regions_of_several_levels_are_places_of_any_kind() -> None:
    regions, countries = (
        pa.table({"region": ["MLI"], "level": [level], "colour": ["red"]})
        for level in ("admin1", "country")
    )
    assert hashtags_of([regions]) == ["#adm1+code+v_tocsin", "#loc+type", ""]
    assert hashtags_of([countries])[0] == "#country+code+v_tocsin"
    assert hashtags_of([regions, countries])[0] == "#loc+code+v_tocsin"
    assert hashtags_of([regions.slice(0, 0)])[0] == "#loc+code+v_tocsin"
