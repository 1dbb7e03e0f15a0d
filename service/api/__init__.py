"""The HTTP API: what may be asked, and what is answered.

Where do I go to ...?

* add an endpoint: the files `*_routes.py`; its body: `schemas.py`; its example: `examples.py`
* add a filter or a sort order: `queries.py`, then `selection.py`
* change how pages follow each other: `paging.py`; what an error looks like: `problems.py`
"""
