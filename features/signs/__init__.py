"""The signs of a siege: rings around capitals, pressure on corridors, armed groups on the move.

Owns what people read of them, with figures that can be traced to events; `indicators/` owns what
models read. Reads months up to the end of a panel and nothing else, and needs its incidents.

Where do I go to ...?

* see what surrounds a capital: `capitals.py`; what happens along a road: `corridors.py`
* see where armed groups are, are new or have ceased, and whom they fight: `groups.py`
* see what a quarter, a usual quarter and a place in the past are: `quarters.py`
* add another name of an armed group: `group_names.csv`
"""
