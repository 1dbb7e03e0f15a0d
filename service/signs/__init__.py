"""The signs of a siege: capitals, corridors and armed groups, as a bulletin tells them.

Owns their addresses, bodies and shapes on a map. `features/signs` computes them.

Where do I go to ...?

* change an address: `capitals.py`, `corridors.py`, `actors.py`; its parameters: `queries.py`
* add a member to an answer: `bodies.py`
* change how a bulletin's tables are read: `tables.py`
* change what is drawn on a map: `shapes.py`
"""
