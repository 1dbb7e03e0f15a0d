from pathlib import Path

import pytest

from features.errors import InputError
from features.places.pcodes import read_pcodes


def written(folder: Path, *lines: str) -> Path:
    path = folder / "pcodes.csv"
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    return path


def test_every_level_may_have_p_codes_and_other_columns_are_left_out(tmp_path: Path) -> None:
    table = written(
        tmp_path, "name,region,pcode", 'Mali,MLI,ML', "Gao , MLI-gao, ML07 ",
        "Kidal,MLI-kidal,", "Ménaka,MLI-x-menaka,ML10", "a cell,147945,C-147945",
    )  # fmt: skip
    assert read_pcodes(table) == {
        "MLI": "ML",
        "MLI-gao": "ML07",
        "MLI-x-menaka": "ML10",
        "147945": "C-147945",
    }


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("region,code", "MLI-gao,ML07"), "line 1: there is no column pcode"),
        (("", ""), "line 1: there is no column region, pcode"),
        (("region,pcode", "MLI-goa,ML07"), "no region that is known: did you mean MLI-gao?"),
        (("region,pcode", "#adm1+code,#adm1+code+v_pcode"), "line 2: '#adm1+code' is no region"),
        (("region,pcode", "MLI-gao,ML07", "XXX-x-menaka,ML10"), "line 3: 'XXX-x-menaka' is no"),
        (("region,pcode", "MLI-gao,=1+1"), "'=1+1' is no P-code"),
        (("region,pcode", "MLI-gao,ML07", "MLI-gao,ML08"), "MLI-gao has a P-code already, ML07"),
        (("region,pcode", "MLI-gao,ML07", "MLI-kidal,ML07"), "ML07 is the P-code of MLI-gao"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError) as refusal:
        read_pcodes(written(tmp_path, *lines))
    assert said in str(refusal.value)


def test_a_table_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read as a CSV file"):
        read_pcodes(tmp_path / "nowhere.csv")
    (tmp_path / "odd.csv").write_bytes(b"region,pcode\nMLI-gao,\xff")
    with pytest.raises(InputError, match="cannot be read as a CSV file in UTF-8"):
        read_pcodes(tmp_path / "odd.csv")
