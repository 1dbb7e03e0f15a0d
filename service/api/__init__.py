"""The HTTP API: what may be asked, and what is answered.

Where do I go to ...?

* add an endpoint: `*_routes.py`, `scores.py` or `profile.py`; its body: `schemas.py`, `bodies.py`
* add a filter or a sort order: `queries.py`, then `selection.py`
* add a member to a score: `scores.py`, then `schemas.py`
* change how pages follow each other, or what a file says of itself: `lists.py`
* add a form of lists: `service/forms`
* change what one parameter may be: `service/values.py`
* change what an error looks like: `problems.py`; an example: `examples.json`
"""
