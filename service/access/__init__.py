"""Who may ask, how often and how much; ETags; and what is recorded of every request.

Where do I go to ...?

* change what a connection may cost: `connection.py`; who is turned away: `guard.py`, `keys.py`
* change when an answer is reused, or a 304 given: `answers.py`; a part of it: `ranges.py`
* change logs, metrics, request ids: `requests.py`
"""
