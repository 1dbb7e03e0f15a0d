"""Our forecasts beside what others have published, on their tables and by their rules.

Where do I go to ...?

* see or change what is forecast: `views.toml`, `subforecast.toml`; in real time it is the default
  experiment. `question.py` refuses an experiment that forecasts something else
* forecast and judge: `views.py`, `subforecast.py`, `real_time.py`
* see how a table becomes a panel: `views_data.py`, `subforecast_data.py`, `panels.py`; read and
  write files at all: `files.py`
* see what is measured and shown: `views_scores.py`, `subforecast_scores.py`, `real_time_scores.py`
* look up what was published: `published.py`
"""
