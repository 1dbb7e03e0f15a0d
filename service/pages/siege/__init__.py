"""The siege view: capitals, corridors and armed groups on the map and on a country's page.

Owns what the pages say and draw of `service/signs`.

Where do I go to ...?

* change a panel of the country's page: `panels.py`, and `templates/parts/country_*.html`
* change a drawing in it: `drawings.py`
* change a layer over the map: `layers.py`
"""
