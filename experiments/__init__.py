"""Fit, judge, track, promote, publish.

Owns how a model is made and judged, the MLflow store, and what goes into a bulletin. The formulas
of forecasts are in `models`. Knows nothing of the service.

* `configuration.py`, `samples.py`   an experiment, and the rows that it learns from
* `backtest/`      forecasts over rolling origins, resumable
* `judging/`       skill, intervals, calibration, the gate
* `report/`        a backtest as a page: sentences and figures
* `tracking/`      runs, artifacts and versions in MLflow; champions
* `training.py`, `ablation.py`       what `tocsin train`, `backtest` and `ablate` do
* `publishing/`    what a bulletin holds: scores, drivers, history, track record
* `benchmarks/`    forecasts beside published ones
"""
