"""The report of a backtest: one self-contained page in HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import pandas as pd
from markupsafe import Markup

from experiments.judging.judge import Judgement
from experiments.judging.verification import MAPPED, strongest
from experiments.report import calibration_figures, sentences, skill_figures
from experiments.report.model_figures import has_outlines
from experiments.report.picture import COLOURS, OTHER_COLOUR, PAGE_COLOURS, Picture, marker_of
from experiments.report.templates import fill
from features.months import format_month
from models.forecaster import DEATHS


def pictures_of(judgement: Judgement, learner: str) -> list[Picture]:
    """Return all pictures of one learner beside the references.

    A map only if outlines exist, and pictures of MAPPED and of deaths only where they are judged.
    """
    verification, targets = judgement.verification, _targets(judgement)
    probabilities = judgement.training.backtest.probabilities
    regions, countries, maps, deaths = judgement.training.regions, [], [], []
    if MAPPED in targets:
        countries = [calibration_figures.countries(verification.by_country, learner, MAPPED)]
        if has_outlines(regions):
            opponent = strongest(verification.overall, MAPPED, learner)
            maps = [skill_figures.skill_map(regions, verification.by_region, learner, opponent)]
    if DEATHS in targets:
        pit_of = (learner, strongest(verification.overall, DEATHS, learner))
        deaths = [
            calibration_figures.pit(verification.pit, pit_of),
            calibration_figures.deaths_ratio(judgement.skill.deaths, learner),
        ]
    return [
        skill_figures.skill_by_horizon(verification.gains, learner),
        calibration_figures.reliability(probabilities, learner),
        *countries,
        skill_figures.precision_recall(probabilities, learner),
        skill_figures.skill_by_year(verification.by_year, learner),
        *maps,
        *deaths,
    ]


def _targets(judgement: Judgement) -> set[str]:
    """Return the targets that the backtest judged."""
    return set(judgement.verification.overall["target"])


_MARKS = {"good": "✓", "mixed": "≈", "bad": "✗"}
_SIGNS = {"o": "●", "s": "■", "^": "▲", "D": "◆", "v": "▼"}
_WORDS = {"good": "good", "mixed": "mixed", "bad": "not good"}

READINGS = {
    "skill_by_horizon": "A point above the line: of the reference's loss, so much is saved. A bar "
    "that crosses the line: it may be chance. Bars are 95 % intervals from blocks of 12 origins.",
    "reliability": "On the diagonal a score means what it says; below it, it rings too often.",
    "countries": "A dot right of its bar: scores were too high in that country; left: too low.",
    "precision_recall": "Higher is better: at the same share of cases caught, fewer false alarms. "
    "Dotted: an alarm for every region.",
    "skill_by_year": "Whether it holds in every year, or one good year carries the rest. One year "
    "is too short for an interval.",
    "skill_map": "Where it helps and where the reference knew better. Grey: too few cases to tell.",
    "pit": "Flat: outcomes fell into the forecast distribution as they should. A U: it is too "
    "narrow; a heap: too wide; higher to the right: more died than it said. Apart: forecasts that "
    "expected at least one death.",
    "deaths_ratio": "At 1 the forecast deaths add up to those that came; the band is the bar.",
}
"""How to read a picture, by its name."""


@dataclass(frozen=True, eq=False)
class Report:
    """What a page says: `pictures` with how to read each, `tables` by `shown_table`.

    `subject` is what was forecast and where, `lead` whom the learner met, and `key` what the
    columns of the tables mean.
    """

    subject: str
    learner: str
    simulated: bool
    origins: str
    headline: str
    lead: str
    skill: Sequence[sentences.Finding]
    calibration: Sequence[sentences.Finding]
    pictures: Sequence[tuple[Picture, str]]
    facts: Mapping[str, str]
    tables: Sequence[Mapping[str, object]]
    key: str

    def as_html(self) -> str:
        """Return the page."""
        contents = {field.name: getattr(self, field.name) for field in fields(self)}
        return fill(
            "page.html.j2",
            **contents | {"pictures": [_shown(*picture) for picture in self.pictures]},
            marks=_MARKS,
            words=_WORDS,
            colours=COLOURS | {"other": OTHER_COLOUR},
            variables=PAGE_COLOURS,
        )


def _shown(picture: Picture, reading: str) -> dict[str, object]:
    """Return a picture as the template takes it."""
    return {
        "title": picture.title,
        "reading": reading,
        "legend": [
            (name, _SIGNS[marker_of(name)], picture.legend[name]) for name in picture.legend
        ],
        # Markup is safe: matplotlib drew it, and escapes titles.
        "plots": [Markup(svg) for svg in picture.as_svgs()],  # noqa: S704
        # Four plots make two rows.
        "columns": 2 if len(picture.plots) == 4 else len(picture.plots),  # noqa: PLR2004
        "width": round(6 * picture.size[0]),
    }


def report_page(judgement: Judgement) -> str:
    """Return the page about the chosen learner."""
    training, verification, learner = judgement.training, judgement.verification, judgement.chosen
    others = [name for name in training.configuration.learners if name != learner]
    better = f" It came out better than {', '.join(others)}." if others else ""
    return Report(
        subject=f"{training.level} regions",
        learner=learner,
        simulated=training.vintage.simulated,
        origins=_origins(judgement),
        headline=sentences.headline(verification, learner),
        lead=f"{learner} against climatology (a region's long-run record), conflictology (its last "
        "twelve months), persistence (what followed the same last outcome) and decaying_record "
        f"(its last 24 months, the newest most).{better}",
        skill=sentences.skill_findings(verification, learner),
        calibration=_calibration_findings(judgement),
        pictures=[(p, _reading(judgement, p.name)) for p in pictures_of(judgement, learner)],
        facts=_facts(judgement),
        tables=_tables(judgement),
        key="Gain is the share of the reference's loss that is saved, by the Brier score or, of "
        "fatalities, the CRPS; low and high are its 95 % interval. CRPS and deaths are per month.",
    ).as_html()


def findings_of(judgement: Judgement) -> list[sentences.Finding]:
    """Return all findings about the chosen learner."""
    skill = sentences.skill_findings(judgement.verification, judgement.chosen)
    return [*skill, *_calibration_findings(judgement)]


def _calibration_findings(judgement: Judgement) -> list[sentences.Finding]:
    """Return the findings about scores and, where they are forecast, about deaths."""
    findings = sentences.calibration_findings(judgement.verification, judgement.chosen)
    if DEATHS in _targets(judgement):
        findings.append(sentences.deaths_finding(judgement.skill, judgement.chosen))
    return findings


def _reading(judgement: Judgement, name: str) -> str:
    verification, learner = judgement.verification, judgement.chosen
    if name == "countries":
        return f"{READINGS[name]} {sentences.country_finding(verification, learner, MAPPED)}"
    if name == "skill_by_year":
        return f"{READINGS[name]} {sentences.year_finding(verification, learner)}"
    return READINGS[name]


def _origins(judgement: Judgement) -> str:
    origin = judgement.training.backtest.probabilities["origin"]
    return " to ".join(format_month(int(month)) for month in (origin.min(), origin.max()))


def _facts(judgement: Judgement) -> dict[str, str]:
    training = judgement.training
    rows, samples = training.backtest.probabilities, training.samples
    step = training.configuration.backtest.refit_months
    return {
        "Origins": f"{_origins(judgement)}, {rows['origin'].nunique()} of them; fitted anew every "
        f"{step} months on what was known by then",
        "Regions": f"{len(training.regions)} {training.level} regions in "
        f"{training.regions.table['country'].nunique()} countries",
        "Outcomes": f"known up to {training.origin}; {len(rows):,} probabilities and "
        f"{len(training.backtest.crps):,} distributions of deaths judged",
        "Threshold": f"{samples.tau:g} {training.configuration.measure} a month",
        "Events": training.releases,
        "Experiment": f"{training.configuration.name}: {training.configuration.description}",
        "Code": training.code,
        "Panel": training.digest[:16],
    }


def _tables(judgement: Judgement) -> list[dict[str, object]]:
    skill, verification, learner = judgement.skill, judgement.verification, judgement.chosen
    own = judgement.tables_of(learner)
    year = own["gains_by_year"].drop(columns=["low", "high"])
    monthly = pd.concat([skill.by_origin, skill.deaths_by_origin])
    monthly = monthly[monthly["forecast"] == learner]
    monthly = monthly.assign(origin=[format_month(int(month)) for month in monthly["origin"]])
    measures = ["brier", "brier_skill", "log_score", "auc", "crps", "crps_skill", "mean_ratio"]
    return [
        shown_table("Skill over each reference, all learners", verification.overall),
        shown_table("Skill over each reference by horizon", own["gains"]),
        shown_table("Skill over each reference by year of the origin", year),
        shown_table("Calibration, all horizons", verification.calibration),
        shown_table("Calibration of scores above 0.5", verification.high),
        shown_table("Calibration by horizon", own["calibration_by_horizon"]),
        shown_table("Calibration by country", own["calibration_by_country"]),
        shown_table("Deaths by horizon", own["deaths"]),
        shown_table("Measures of all forecasts", skill.overall),
        shown_table("Measures by origin", monthly[["target", "origin", "n", *measures]]),
    ]


def shown_table(title: str, table: pd.DataFrame) -> dict[str, object]:
    """Return a table on the page: title, heads, and rows of text."""
    heads = [str(column).replace("_", " ") for column in table]
    rows = [
        [str(v) if head == "year" else _text(v) for head, v in zip(heads, row, strict=True)]
        for row in table.itertuples(index=False)
    ]
    return {"title": title, "heads": heads, "rows": rows}


def _text(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
