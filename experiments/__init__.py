"""Fit, judge, track, promote, publish.

Owns how a model is made and judged, the MLflow store, and the content of bulletins. The formulas of
forecasts are in `models`, the form of bulletins in `bulletins`. Knows nothing of the service.

* `configuration.py`, `samples.py`   an experiment, and its data
* `backtest/`      forecasts over rolling origins, resumable
* `judging/`       skill, intervals, calibration, the gate
* `report/`        a backtest as a page: sentences and figures
* `tracking/`      runs, artifacts and versions in MLflow; champions
* `training.py`, `ablation.py`       the commands `tocsin train`, `backtest` and `ablate`
* `publishing/`    the content of a bulletin: scores, drivers, history
* `coups/`         coups by country, from a history of states
* `record/`        the track record: what came of every score, and what that comes to
* `cycle/`         the monthly routine, and its journal
* `benchmarks/`    forecasts beside published ones
"""
