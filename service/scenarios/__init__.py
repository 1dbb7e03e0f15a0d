"""Scenarios over HTTP and as a page: what the model associates with events that are supposed.

Owns their addresses, bodies and pages, which all say HYPOTHETICAL. `bulletins/scenarios.py` owns
the form of what is read.

Where do I go to ...?

* change an address or a filter: `scenarios.py`; a member of an answer: `bodies.py`
* change the pages: `scenario_pages.py`, and `pages/templates/scenario.html`
* change how a page says what is supposed: `wording.py`
"""
