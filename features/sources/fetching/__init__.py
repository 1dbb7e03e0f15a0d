"""Downloads of what sources publish: polite, resumable, and whole before anything is visible.

Where do I go to ...?

* fetch a UCDP release: `ucdp.py`; ask its API: `ucdp_api.py`; tell whether a file of it is
  whole: `ucdp_whole.py`
* download any one file: `download.py`; how it is kept until it is whole: `partial.py`
* change pace, retries or limits: `transport.py`
"""
