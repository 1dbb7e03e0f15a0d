"""Event histories -> regional indicators.

Owns everything about what happened, and what came true. Owns no model, no score, no clock.
Folder order is data order:

* `shared/`      what several machines share, at an address
* `places/`      regions, countries, cells, names and placement
* `sources/`     how files become events; simulation
* `archive/`     releases at rest, coverage, vintages, revisions
* `panel/`       region x month arrays, and the incidents behind them
* `states/`      state x month arrays: coups, conditions and elections as they were known
* `indicators/`  one module a family, and the catalogue
* `signs/`       what people read of it: percentiles, capitals, corridors, armed groups
* `targets.py`   the formulas of what is forecast, and whether it came true
* `language.py`  how people's languages write numbers; `locales/` has the messages
"""
