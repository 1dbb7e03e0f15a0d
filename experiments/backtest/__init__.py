"""Forecasts over rolling origins.

Where do I go to ...?

* choose the origins that are fitted and forecast: `folds.py`
* forecast a fold, beside the references: `rolling.py`
* run tasks in parallel and cache their results: `grid.py`; on other machines too: `cluster.py`
"""
