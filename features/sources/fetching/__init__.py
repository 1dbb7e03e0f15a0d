"""Downloads of what sources publish: polite, resumable, and whole before anything is visible.

Where do I go to ...?

* fetch a UCDP release, and tell whether a file is one: `ucdp.py`; ask its API: `ucdp_api.py`
* continue a download, or keep a file hidden until it is whole: `download.py`
* change pace, retries or limits: `transport.py`
"""
