"""Serve what was published: the HTTP API and its pages.

Owns reading bulletins, the API and its errors. Never imports mlflow, scikit-learn, statsmodels or
`experiments`: it starts in a second and a bad training run cannot break it.

Where do I go to ...?

* start it: `server.py`; see how it is put together: `app.py`
* see what is read from disk: `store/`; what is answered: `api/`; who may ask: `access/`
* change a page: `pages/`; print scores in the terminal: `terminal.py`
"""
