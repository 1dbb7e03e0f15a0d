"""How good forecasts are, and which model may issue scores.

Where do I go to ...?

* compute skill, with or without an interval: `skill.py`; its formula is in `features/skill.py`
* change when an outcome is known, or final: `outcomes.py`
* make the tables of a report: `verification.py`
* compare a challenger with an opponent, change how a champion is chosen: `gate.py`
* judge an experiment: `judge.py`
* decide whether indicators or calibration drifted since: `drift.py`
"""
