"""Pictures: each drawn once, shown as one row in MLflow and panel by panel on a page.

How a picture looks: `picture`. What scores are worth: `skill`, `calibration`. What a model is:
`models`. What an addition brings: `additions`.
"""
