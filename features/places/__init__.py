"""Where things happen: countries, regions, cells, their names, and the bundled geography.

Owns no event, only names, positions and neighbours.

Where do I go to ...?

* find regions, their neighbours, countries, capitals, corridors: `regions.py`; cells: `priogrid.py`
* find the region of a point: `placement.py`
* match a name that a source writes: `matching.py`, `region_names.py`; see what the names of a file
  together tell: `divisions.py`; what counts as the same: `spelling.py`
* find a country by a code or a name: `countries.py`
* see where the bundled files come from: `geography/PROVENANCE.md`; build them: `tools/geography`
"""
