"""Builds the bundled geography (`features/places/geography`) from Natural Earth.

Owns the choices made on the way (`choices.py`) and `build.py`, which writes the files again.
Nothing here is imported when Tocsin runs.
"""
