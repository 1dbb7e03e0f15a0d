"""The terms that readers of the pages meet; `docs/glossary.md` explains them in the same words."""

from features.language import message

GLOSSARY: dict[str, str] = {
    message("event"): message(
        "one dated, located act of organised violence, with actors and deaths (best, low, high "
        "estimate)"
    ),
    message("region"): message(
        "a place that gets a score: a country, a first-level division or a grid cell"
    ),
    message("target"): message("what is forecast: deaths, instability, escalation, onset"),
    message("threshold"): message("deaths a month that count as instability at a level of regions"),
    message("score"): message(
        "the calibrated probability of a target for a region, origin and horizon"
    ),
    message("bulletin"): message(
        "one published set of scores: an origin, a vintage, model versions; never changed"
    ),
    message("origin"): message("the last fully observed month that a forecast may use"),
    message("horizon"): message(
        "whole months ahead of the origin; for escalation and onset the length of the window"
    ),
    message("vintage"): message("the event history as it was known on a date"),
    message("stale"): message("issued, or with the newest events, longer ago than it should be"),
    message("expected deaths"): message(
        "the mean of the distribution of deaths, which a few very bad outcomes pull up"
    ),
    message("range"): message(
        "of deaths: nine of ten outcomes should lie in it, one of twenty on either side"
    ),
    message("risk level"): message(
        "a word for a span of probability, of one target the same everywhere; kept only where such "
        "scores came true as often as it says"
    ),
    message("usual"): message("the median over a region's last five years without the last year"),
    message("indicator"): message(
        "one named, documented column computed from months up to the origin"
    ),
    message("corridor"): message(
        "a line of places between a capital and a port or border crossing that supplies its country"
    ),
    message("backtest"): message(
        "forecasts of past months by models that knew nothing later, set beside what came"
    ),
    message("track record"): message("how issued scores came out: as first known, and once final"),
    message("calibration"): message("whether of all scores of p a share of p comes true"),
    message("interval"): message(
        "where the share that came true would lie in 19 of 20 such samples of months"
    ),
    message("skill"): message(
        "the share of a reference's error that a forecast saves: 0 is no better, 1 is perfect"
    ),
    message("reference"): message("a forecast that needs no learning, and must be beaten"),
    message("climatology"): message("a region's own long-run record"),
    message("conflictology"): message("a region's last twelve months"),
    message("persistence"): message(
        "what followed, in all regions so far, where the last known outcome was the same"
    ),
    message("decaying_record"): message(
        "a region's last 24 months, the newest most: a weight halves in four months"
    ),
}
"""Term and meaning, in the order in which a reader needs them."""
