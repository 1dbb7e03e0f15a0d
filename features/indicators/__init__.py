"""The indicators, a module a family; `features.catalogue` lists them all.

`indicator.py` says what an indicator is, `windows.py` has the formulas over time, `spatial.py`
those over space, `memory.py` keeps what several indicators of a panel share.
"""
