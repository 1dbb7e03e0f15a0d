"""The indicators, a module a family, and their catalogue.

Owns formulas over a panel. Reads months up to the origin and nothing else.

Where do I go to ...?

* add an indicator: the module of its family; see them all: `catalogue.py`
* see what an indicator is: `indicator.py`
* find a formula over time: `windows.py`; over space: `spatial.py`, `near.py`,
* find the armed groups and fronts of a region: `groups.py`; the corridors near it: `roads.py`
"""
