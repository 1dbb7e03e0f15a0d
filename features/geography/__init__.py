"""The geography that Tocsin carries with it, and the script that builds it.

Owns the bundled files (`PROVENANCE.md` says what they are and where they are wrong), the choices
that were made on the way (`choices.py`), and `build.py`, which writes the files again from Natural
Earth. Nothing here is imported when Tocsin runs: `features/regions.py` reads the files.
"""
