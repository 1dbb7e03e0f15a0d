"""Indicators -> predictive distributions and risk scores.

Owns the formulas: learners, reference forecasts, the distribution of deaths, measures
of forecasts, intervals, explanations, risk levels. Owns no wire format, no registry, no clock.

Where do I go to ...?

* change a learner: `learners.py`; how a target and horizon is fitted: `forecaster.py`
* change analogues: `distribution.py`
* change a reference forecast: `references.py`
* measure a forecast: `metrics.py`; put an interval on a difference: `bootstrap.py`
* store a forecaster, and what it may be made of: `storage.py`
* explain a score: `explanation.py`; divide scores into risk levels: `risk.py`
* change what a region's own record says: `record.py`; its pool with analogues: `deaths.py`
"""
