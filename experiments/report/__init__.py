"""A backtest as one page that people read.

Where do I go to ...?

* change the page: `page.py`, `page.html.j2`; its sentences: `sentences.py`
* change the model card: `card.py`, `card.md.j2`
* change the card of coups: `coups.md.j2`; it is filled in `experiments/coups/card.py`
* draw: `picture.py`, `skill_figures.py`, `calibration_figures.py`, `model_figures.py`
"""
