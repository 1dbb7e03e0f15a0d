"""The region x month arrays that everything later reads, and the incidents behind them.

Owns how a vintage becomes arrays. Computes no indicator.

Where do I go to ...?

* see what an indicator may read: `panel.py`
* see what is known of one region, month by month: `region_history.py`
* get the single incidents, their actors, places and texts: `incidents.py`
* see which words make a text a report of a topic: `topics.py`
"""
