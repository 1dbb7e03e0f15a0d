"""Speed and memory of the product, measured by hand: `ingest.py`, `indicators.py`.

`rolling.py` holds the benchmark's formulas in pandas and other libraries, `random_panel.py` its
data.
"""
