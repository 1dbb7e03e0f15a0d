"""`/accuracy`: whether scores came true in the backtest; `track_record.py` has those issued."""

from itertools import pairwise
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from bulletins.form import CARD_FILES, REPORT_FILES
from bulletins.manifest import RiskLevel
from bulletins.risk import scale_of
from features.words import SPECS, Level, Target, TargetSpec
from service.api.current import reader_language, used_bulletin
from service.api.queries import BulletinChoice, LanguageChoice, LevelFilter, NoParameters
from service.api.routing import QueryRoute
from service.pages.environment import render
from service.pages.reading.glossary import GLOSSARY
from service.pages.view import LEVEL_NAMES, level_of, levels_of
from service.store.bulletins import LATEST, Bulletin

router = APIRouter(include_in_schema=False, route_class=QueryRoute)


class AccuracyView(NoParameters):
    """Of which bulletin, and of which level of regions."""

    level: LevelFilter = None
    bulletin: BulletinChoice = LATEST
    lang: LanguageChoice = None


class Band(NamedTuple):
    """A risk level, and where it ends."""

    risk: RiskLevel
    highest: float

    @property
    def surplus(self) -> int | None:
        """Whether its scores came true more often than it says (1), less often (-1), or so (0).

        What is within the interval is not held against it. None where there were no scores.
        """
        came_true = self.risk.came_true
        if came_true is None:
            return None
        low = came_true if self.risk.low is None else self.risk.low
        high = came_true if self.risk.high is None else self.risk.high
        return int(low > self.highest) - int(high < self.risk.lowest)


class TargetAccuracy(NamedTuple):
    """How the scores of one target came out in the backtest."""

    target: Target
    spec: TargetSpec
    bands: list[Band]
    skill: float | None


@router.get("/accuracy")
def show_accuracy(request: Request, query: Annotated[AccuracyView, Query()]) -> HTMLResponse:
    """Show whether scores came true."""
    bulletin = used_bulletin(request, query.bulletin)
    level = level_of(bulletin, query.level)
    asked = query.model_dump(exclude_defaults=True)
    return render(
        request,
        "accuracy.html",
        reader_language(request, query.lang),
        bulletin=bulletin.manifest,
        level=level,
        levels={name: "?" + urlencode(asked | {"level": name}) for name in levels_of(bulletin)},
        level_names=LEVEL_NAMES,
        targets=accuracy_of(bulletin, level),
        report=name if (name := REPORT_FILES[level]) in bulletin.documents else None,
        has_card=CARD_FILES[level] in bulletin.documents,
        glossary=GLOSSARY,
    )


def accuracy_of(bulletin: Bulletin, level: Level) -> list[TargetAccuracy]:
    """Return how scores of a level came out, by target; those with nothing to say are left out."""
    skill = {
        target: skill
        for model in bulletin.manifest.models
        if model.level == level
        for target, skill in model.skill.items()
    }
    found = [
        TargetAccuracy(
            target,
            SPECS[target],
            [] if SPECS[target].is_distribution else bands_of(bulletin, level, target),
            skill.get(target),
        )
        for target in bulletin.targets
    ]
    return [one for one in found if one.bands]


def bands_of(bulletin: Bulletin, level: Level, target: Target) -> list[Band]:
    """Return the risk levels of a target, upwards; none in older bulletins."""
    scale = scale_of(bulletin.manifest, level, target)
    if scale is None:
        return []
    ends = [*(risk.lowest for risk in scale.levels), 1.0]
    return [Band(risk, end) for risk, (_, end) in zip(scale.levels, pairwise(ends), strict=True)]
