"""Fit, backtest, track in MLflow, promote, publish.

Owns the experiment configuration, the backtest, the MLflow store and its registry, the gate that
names a champion, and the writing of bulletins. Owns no formula: those are in `models`.
"""
