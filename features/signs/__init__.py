"""Early signs: where values stand, rings around capitals, pressure on corridors, armed groups.

Owns what people read of them, with figures that can be traced to events; `indicators/` owns what
models read. Reads months up to the end of a panel and nothing else; all but the percentiles need
its incidents.

Where do I go to ...?

* see where a value stands in a region's past, and among regions: `percentiles.py`
* see what surrounds a capital: `capitals.py`; what happens along a road: `corridors.py`
* see where armed groups are, are new or have ceased, and whom they fight: `groups.py`
* see what a quarter, a usual quarter and a place in the past are: `quarters.py`
* add another name of an armed group: `group_names.csv`
"""
