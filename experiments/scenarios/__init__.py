"""Run a scenario: down the same one path as its continuation, and beside a bulletin.

Owns what is computed of a scenario; `features/scenarios` owns what it makes of a panel, and
`bulletins/scenarios.py` the form in which it is written. Nothing here issues a bulletin.

Where do I go to ...?

* change the steps, from a bulletin to the written scenario: `run.py`
* change what the two forecasts are compared by: `comparison.py`; those of coups: `coups.py`
"""
