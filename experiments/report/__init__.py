"""A backtest as one page that people read.

Where do I go to ...?

* see what the page holds: `page.py`, `page.html.j2`; what it says: `sentences.py`
* draw: `picture.py`, `skill_figures.py`, `calibration_figures.py`, `model_figures.py`
"""
