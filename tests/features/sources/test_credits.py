from features.sources.credits import credit_of


def test_the_sources_that_are_known_say_what_they_ask_for() -> None:
    assert credit_of("ucdp-ged").licence == "CC BY 4.0"
    assert credit_of("cline").licence == "CC BY 4.0"
    assert "Powell & Thyne (2011)" in str(credit_of("powell-thyne").citation)
    assert "Raleigh" in str(credit_of("acled").citation)
    assert credit_of("my-survey").title == "my-survey"
    assert credit_of("my-survey").licence is None
