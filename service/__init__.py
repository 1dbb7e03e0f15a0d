"""Serve what was published: the HTTP API and its pages.

Owns the API, its errors, its pages and who may ask. Reads bulletins by `bulletins/` and computes no
forecast. Never imports `models`, mlflow, scikit-learn, statsmodels or `experiments`: it starts in a
second and a bad training run cannot break it.

Where do I go to ...?

* start it: `server.py`; see how it is put together: `app.py`; change a setting: `settings.py`
* see which bulletin is served: `store/`; what is answered: `api/`, of
  capitals, corridors and armed groups `signs/`; as which file: `forms/`; as layers of
  QGIS and ArcGIS: `ogc/`; who may ask: `access/`; what one parameter may be: `values.py`
* change a page: `pages/`; print scores in the terminal: `terminal.py`
"""
