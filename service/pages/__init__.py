"""The pages for people: the map of a bulletin, its regions, pages to read, and briefings.

Where do I go to ...?

* change the map's page: `page.py`, `ranking.py`, `view.py`; a region: `region.py`
* change a country's page, or add a panel to it: `country.py`
* change how a map or a chart is drawn: `drawing/`; how it is coloured: `shading.py`
* change what is shown of capitals, corridors and armed groups: `siege/`
* change the pages of bulletins, accuracy and terms: `reading/`; a briefing: `briefings/`
* change what the feed says: `feed.py`
* change what is written: `templates/`; what a browser loads: `static/` (`assets.py` serves it)
* change what stands for a page that cannot be shown: `refusal.py`
* change what all pages have: `environment.py`, `templates/base.html`; the API's page: `swagger.py`
* change the words of a target or a risk level: not here, but in `features/words.py`
"""
