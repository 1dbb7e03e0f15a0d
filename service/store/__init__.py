"""The bulletins on disk: found, checked, read and kept at hand.

Where do I go to ...?

* see when a bulletin is refused: `reading.py`; which one is served: `bulletins.py`
* see how a table is asked: `frame.py`
"""
