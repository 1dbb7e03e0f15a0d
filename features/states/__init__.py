"""What happened to states, and what was known of them: coups, conditions and elections.

Owns no file's layout, no event of violence and no model.

Where do I go to ...?

* get coups as they were known on a day, each once: `attempts.py`
* get what holds of states, and when votes were due, as known then: `conditions.py`
* get all of it as arrays of months and states: `history.py`
"""
