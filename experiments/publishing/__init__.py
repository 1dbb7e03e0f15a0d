"""What goes into a bulletin, computed from a champion and a vintage.

Owns contents, a module a file; `bulletins/` owns their form.

Where do I go to ...?

* change the steps of a publication, or of its replay: `publish.py`
* change which files there are, or what the manifest says: `contents.py`
* change a score or a distribution: `scores.py`
* change how a score is explained: `drivers.py`; in which words: `bulletins/reasons.py`
* change the rows of coups: `coups.py`
* change the files about regions: `regions.py`; their indicators: `indicators.py`
* change what it tells of capitals, corridors and armed groups: `signs.py`
* read earlier bulletins: `earlier.py`; they are judged in `experiments/record`
* see whether a champion drifted: `drift.py`; what counts as drift: `judging/drift.py`
"""
