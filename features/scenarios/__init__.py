"""Scenarios: what a history would hold if its coming months were as somebody supposes.

Owns what a scenario may say, and the panels and the history of states that it makes. Forecasts
nothing.

Where do I go to ...?

* see what a scenario may say: `statements.py`
* change how the world goes on without a statement: `continuation.py`
* change what a statement does to a panel: `panels.py`
* change how countries follow from their regions: `countries.py`
* change what a supposed coup does to the history of states: `states.py`
* change which regions, corridors and points it means: `places.py`
"""
