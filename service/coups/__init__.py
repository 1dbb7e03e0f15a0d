"""Coups over HTTP, beyond the scores of single countries.

Owns the scores of groups of countries: their address, parameters and body. The rule that they
follow is in `features/targets.py`.

Where do I go to ...?

* change what is answered of a group: `groups.py`
"""
