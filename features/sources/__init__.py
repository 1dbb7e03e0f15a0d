"""How files become events: one module a source, and the pipeline that they share.

Owns reading, accepting and rejecting rows. Stores nothing: releases lie in `features/archive`.

Where do I go to ...?

* add a source: a module like `table.py`, behind the protocols in `source.py`
* read another kind of file, or unpack it: `reading/`
* see how rows are accepted or rejected: `acceptance.py`; say it in SQL: `sql.py`
* follow a file of events to a release: `ingestion.py`
* read aggregated history: `counts.py`, its columns: `counts_columns.py`
* know what should be public by now: `publication.py`; download it: `fetching/`
* read coups, and what holds of states: `states/`
* simulate a world of invented groups: `simulation/`
"""
