"""The bulletins on disk: which there are, which are loaded, and what follows from them.

Where do I go to ...?

* see which bulletin is served, and when a new one is taken up: `bulletins.py`
* see how risk levels are given, or where regions lie: `derived.py`
* see what the indicators of a region were, and where they stand: `series.py`
* see which alerts rang: `alerts.py`
* see what older bulletins said, beside what came: `past.py`
"""
