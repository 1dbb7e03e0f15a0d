"""What goes into a bulletin, computed from a champion and a vintage.

Owns contents, a module a file; `bulletins/` owns their form.

Where do I go to ...?

* see the steps of a publication, and its replay: `publish.py`
* see what becomes a score or a distribution: `scores.py`
* see why a score is what it is: `drivers.py`, in words: `sentences.py` and `phrases.py`
* see what the region files hold: `regions.py`, `history.py`
* find earlier bulletins: `earlier.py`; how they came out: `track_record.py`
"""
