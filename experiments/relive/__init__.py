"""The past relived: the cycle over dated releases, and what it would have been worth.

Owns the order of the days and what is compared. Where do I go to ...?

* live a span of months again, day by day: `days.py`
* change which forecasts are compared, or how they are judged: `variants.py`
* change what a person reads of it: `report.py`
"""
