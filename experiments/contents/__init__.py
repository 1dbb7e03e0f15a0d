"""What a bulletin holds beside its scores and drivers: one module a file.

Everything here is a function of what was known at the origin; `experiments/publishing.py` puts it
together.
"""
