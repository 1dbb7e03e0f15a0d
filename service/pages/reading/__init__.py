"""The pages to read: bulletins, accuracy, and what all of it is.

Where do I go to ...?

* explain a term: `glossary.py`, and `docs/glossary.md` in the same words
* see whether scores came true: `accuracy.py`; what was issued: `bulletin_list.py`
* change what the pages say: `templates/`
"""
