"""Coups: attempts by country, forecast from a history of states.

A room of its own, because the common path fits panels of violence: regions of a level, deaths, a
threshold, records and analogues. It ends where that does: in rows of the same bulletin, a model in
the same registry and drivers of the same form. Where do I go to ...?

* see or change what is forecast and how: `settings.py`, `default.toml`
* change what is learned from, or fitted: `fitting.py`; its formulas are in `models/coups.py`
* forecast the past from what was known: `backtest.py`
* measure that, decide what is served: `judging.py`; whether it may be: `gate.py`
* say what came of it: `report.py`, `card.py`, of `judgement.py`
* train and log: `training.py`; find or load a version: `registry.py`
"""
