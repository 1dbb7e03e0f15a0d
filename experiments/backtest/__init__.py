"""Forecasts over rolling origins.

Where do I go to ...?

* see which origins are fitted and forecast: `folds.py`
* see what a fold forecasts, beside the references: `rolling.py`
* see how tasks are run and their results cached: `grid.py`
"""
