"""Event histories -> regional indicators.

Owns everything about what happened: reading and refusing source files (`sources/`), the archive
and its vintages, regions and their neighbours (`geography/`), the panel, the indicators with
their catalogue, and the targets (what came true). Owns no model, no score, no clock.

Where do I go to ...?

* read another source: `sources/`
* see what an event is: `events.py`; where events are kept: `archive.py`; which of them were
  known on a date: `vintage.py`
* find a region, its neighbours or the region of a point: `regions.py`, `placement.py`
* add an indicator: `indicators.py`, then name it in `catalogue.py`
* see how a target is defined: `targets.py`
"""
