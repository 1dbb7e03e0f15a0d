"""Event histories -> regional indicators.

Owns everything about what happened: reading and refusing source files (`sources/`), the archive
and its vintages, regions and their neighbours (`geography/`), the panel, the indicators with
their catalogue, and the targets (what came true). Owns no model, no score, no clock.

Where do I go to ...?

* read another source of events: `sources/`, behind the protocol in `sources/source.py`;
  download files: `sources/fetching/`
* see what an event is: `events.py`; how a file becomes a release: `ingestion.py`; where releases
  are kept: `archive.py`; what was known on a date: `vintage.py`; what changed since:
  `revisions.py`; what should be public by now: `publication.py`
* read history that is already aggregated: `counts.py`; match its names to regions: `names/`
* find a region, its neighbours or the region of a point: `regions.py`, `placement.py`
* add an indicator: its family in `indicators/`, of which `catalogue.py` makes one list; what it may
  read: `panel.py`, `incidents.py`, `topics.py`, `capitals.py`, `corridors.py`
* see how a target is defined: `targets.py`
"""
