"""The track record: every score set beside what came of it, as that becomes known.

Owns what is recorded and what it comes to; `bulletins/record.py` owns the form.

Where do I go to ...?

* bring the record up to date: `update.py`
* change when an outcome is known, or final: `experiments/judging/outcomes.py`
* change what is recorded of a score, or of a reference: `rows.py`
* change what the record comes to: `summary.py`
* set one bulletin beside what happened: `evaluation.py`
* show an edition in MLflow: `runs.py`
"""
