"""Serve what was published: the HTTP API and its pages.

Owns reading bulletins, the API and its errors. Never imports mlflow, scikit-learn, statsmodels or
`experiments`: it starts in a second and a bad training run cannot break it.
"""
