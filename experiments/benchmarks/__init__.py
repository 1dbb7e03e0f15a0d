"""Our forecasts beside what others have published, on their tables and by their rules.

Where do I go to ...?

* plug in a forecaster: `forecasters.py`, which also has those without a model
* see what a forecaster must do: `views.py` (`CountryForecaster`), `subforecast.py`
  (`UnitForecaster`)
* read the tables: `views_data.py`, `subforecast_data.py`; read and write files at all: `files.py`
* see what is measured: `views_scores.py`, `subforecast_scores.py`, and `models.metrics`
* look up what was published: `published.py`
* forecast units by months: `subforecast_forecaster.py`, from `subforecast_history.py` and
  `subforecast_surroundings.py`
* forecast countries: `country_pool.py`
"""
