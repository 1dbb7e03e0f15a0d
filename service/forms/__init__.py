"""The forms of a list: its rows as CSV, HXL, NDJSON, GeoJSON, Parquet and GeoParquet, or a feed.

Knows tables and outlines, no bulletin and no request.

Where do I go to ...?

* change which columns a list of models has, or how many digits: `rows.py`
* change how a file is written, or add a form: `files.py`; how a feed is: `atom.py`
* tag a column for humanitarian tools: `hxl.py`
"""
