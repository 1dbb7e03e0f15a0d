"""The forms of a list: its rows as CSV, NDJSON, GeoJSON, Parquet and GeoParquet.

Knows tables and outlines, no bulletin and no request.

Where do I go to ...?

* change which columns a list of models has, or how many digits: `rows.py`
* change how a file is written, or add a form: `files.py`
"""
