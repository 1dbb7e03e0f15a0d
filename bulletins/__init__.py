"""The contract between what publishes and what serves: the form of a bulletin, written and read.

Owns every file of a bulletin, and what one score says in words. Knows no model and no HTTP.

Where do I go to ...?

* see what a bulletin holds, or add a column: `form.py`; of capitals, corridors, groups: `signs.py`
* see which there are: `folders.py`
* follow bulletins in the order of their issue: `chain.py`
* share them with other machines: `shared.py`
* write one: `writing.py`; read one, check it, or read it from elsewhere: `reading.py`
* work with its tables: `tables.py`
* see what an early sign is, and how it is worded: `early_signs.py`
* change the words for people: why a score is as it is, `reasons.py`, `phrases.py`; how it
  is worded, `wording.py`; find its risk level: `risk.py`
"""
