"""How files of what happens to states become releases: coups, conditions and elections.

Owns the forms of these files. Rows are read, accepted and rejected as those of events are.

Where do I go to ...?

* add a form, or see what all have in common: `form.py`; how a file of one is read: `delivery.py`
* read a list of coups: `coups.py`, in the layouts of `powell_thyne.py` and `cline.py` too
* read what holds of states, or when votes are due: `conditions.py`, `elections.py`
* see which columns name a country or a day: `columns.py`
"""
