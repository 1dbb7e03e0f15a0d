"""The pages for people: the map of a bulletin, and the description of the API.

Where do I go to ...?

* change what the server writes: `page.py`, `templates/`; what the browser loads: `static/`
* change a colour: `static/page.css`; the map: `static/map.js`; a region: `static/region.js`
* change the words of a target or a risk level: not here, but in `features/words.py`
"""
