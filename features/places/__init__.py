"""Where things happen: countries, regions, cells, their names, and the bundled geography.

Owns no event, only names, positions and neighbours.

Where do I go to ...?

* find regions, their neighbours and borders: `regions.py`; grid cells: `priogrid.py`
* translate a country code, find a capital or a supply corridor: `countries.py`
* find the region of a point: `placement.py`
* match a name that a source writes: `matching.py`, with `region_names.py` and `spelling.py`
* find the regions that counts name: `counted_regions.py`
* see where the bundled files come from: `geography/PROVENANCE.md`; build them again:
  `tools/geography`
"""
