"""Events at rest: releases, what they observe, and what was known on a date.

Owns the files under `<home>/events`, and beside it those of coups, conditions and elections. Knows
no source's layout and no panel.

Where do I go to ...?

* see what an event is: `schemas.py`
* see what a source hands over: `delivery.py`
* add a release, or list them: `releases.py`; share them with other machines: `shared.py`
* find the months and countries that it observes: `coverage.py`
* get the events as known on a date: `vintage.py`; their monthly counts: `monthly.py`
* count the deaths that lie in no region: `nowhere.py`; the months that are not observed of a region
  though of its country: `unknown.py`
* see what changed between two vintages: `revisions.py`
"""
