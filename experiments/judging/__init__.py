"""How good forecasts are, and which model may issue scores.

Where do I go to ...?

* compute skill: `skill.py`; compare two forecasts with an interval: `comparison.py`
* see what a report shows of a backtest: `verification.py`
* change how a champion is chosen: `gate.py`
* judge an experiment: `judge.py`
"""
