"""Indicators -> predictive distributions and risk scores.

Owns the learners, the reference forecasts, calibration, the predictive distribution, the
measures of skill, and the form of a bulletin (`bulletin.py`), which `experiments` writes and
`service` reads. Owns no file, no registry, no clock.
"""
