"""Downloads of what sources publish: polite, resumable, and whole before anything is visible.

Where do I go to ...?

* fetch a UCDP release: `ucdp.py`; ask its API: `ucdp_api.py`; tell whether a file of it is
  whole: `ucdp_whole.py`
* continue a download, or keep a file hidden until it is whole: `download.py`
* change pace, retries or limits: `http.py`
"""
