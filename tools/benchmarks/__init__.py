"""Speed and memory, measured by hand: `ingest.py`, `indicators.py`, `service.py`.

`rolling.py` holds the formulas in pandas and other libraries, `random_panel.py` their data.
"""
