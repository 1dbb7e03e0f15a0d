"""Serve what was published: the HTTP API and its pages.

Owns reading bulletins, the API and its errors. Never imports mlflow, scikit-learn, statsmodels or
`experiments`: it starts in a second and a bad training run cannot break it.

Where do I go to ...?

* start it: `server.py`; see how it is put together: `app.py`
* see when a bulletin is refused: `reading.py`; which one is served: `bulletins.py`
* add a filter or a sort order: `queries.py`, then `selection.py`
* add an endpoint: the files `*_routes.py`; its body: `schemas.py`; its example: `examples.py`
* change what an error looks like: `problems.py`; a page: `page.py` and `templates/`
* print scores in the terminal: `terminal.py`
"""
