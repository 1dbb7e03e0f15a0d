"""A bulletin on one country, as a page that prints on two sheets.

Where do I go to ...?

* change what it says: `templates/briefing.html`; how it looks: `templates/briefing.css`
* see where its figures are from: `country.py`; the capital and the roads: `signs.py`
* change its map: `country_map.py`; its address: `briefing.py`
"""
