"""OGC API - Features: regions with their scores as layers of QGIS, ArcGIS and GDAL.

The data of `/v1` in another form: Part 1 of the standard (OGC 17-069r4), its classes core, GeoJSON
and OpenAPI 3.0. A layer is a level, a feature a region, and a property a score.

Where do I go to ...?

* change an address: `layers.py`, of features `items.py`; its parameters: `queries.py`
* change what a feature has: `features.py`
* add a member to an answer: `bodies.py`; change what describes all of it: `definition.py`
"""
