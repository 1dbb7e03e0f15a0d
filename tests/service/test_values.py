import pytest
from pydantic import TypeAdapter, ValidationError

from service.values import Box, BulletinId, BulletinName, Day, Horizons, Month

KINDS: dict[str, TypeAdapter[object]] = {
    name: TypeAdapter(kind)
    for name, kind in {
        "month": Month,
        "day": Day,
        "id": BulletinId,
        "name": BulletinName,
        "box": Box,
        "horizons": Horizons,
    }.items()
}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("month", "2025-12"),
        ("day", "2025-01-31"),
        ("id", "2024-12-5f3a9c01d2e4"),
        ("name", "latest"),
        ("name", "2024-12-5f3a9c01d2e4"),
        ("box", "-12.5,10,4.5,25"),
    ],
)
def test_what_is_spelt_well_is_taken(kind: str, value: str) -> None:
    assert str(KINDS[kind].validate_python(value)) == value


@pytest.mark.parametrize(
    ("kind", "value", "example"),
    [
        ("month", "2025-13", "2025-01"),
        ("month", "2025-1", "2025-01"),
        ("month", "٢٠٢٥-01", "2025-01"),
        ("day", "2025-01", "2025-01-31"),
        ("id", "latest", "list of bulletins"),
        ("name", "newest", "latest"),
        ("box", "1,2,3", "-12.5,10,4.5,25"),
        ("horizons", ["0"], "1-6"),
    ],
)
def test_what_is_not_is_refused_in_words_with_an_example(
    kind: str, value: object, example: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        KINDS[kind].validate_python(value)
    (error,) = refused.value.errors()
    assert error["msg"].startswith("write ")
    assert example in error["msg"]
    assert "\\" not in error["msg"]


def test_machines_get_the_pattern() -> None:
    assert KINDS["month"].json_schema() == {
        "type": "string",
        "pattern": r"^\d{4}-(0[1-9]|1[0-2])$",
    }
