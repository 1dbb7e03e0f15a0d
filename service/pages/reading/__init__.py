"""The pages to read: bulletins, accuracy, model cards, and what all of it is.

Where do I go to ...?

* explain a term: `glossary.py`, and `docs/glossary.md` in the same words
* see whether issued scores came true: `track_record.py`; in the backtest: `accuracy.py`
* see what was issued: `bulletin_list.py`
* show a model card, which `experiments/report` writes: `card.py`
* change what the pages say: `templates/`
"""
