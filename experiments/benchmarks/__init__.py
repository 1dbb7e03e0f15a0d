"""Our forecasts beside what others have published, on their tables and by their rules.

Where do I go to ...?

* see what a forecaster must do: `views.py` (`CountryForecaster`), `subforecast.py`
  (`UnitForecaster`)
* read the tables: `views_data.py`, `subforecast_data.py`; read and write files at all: `files.py`
* see what is measured and shown: `views_scores.py`, `subforecast_scores.py`, and `models.metrics`
* look up what was published: `published.py`
* plug in a forecaster, or forecast without a model: `country_pool.py` (countries) and
  `subforecast_forecaster.py` (units, from `subforecast_history.py` and
  `subforecast_surroundings.py`)
"""
