"""Delivered files as rows of text, whatever their format and layout.

Owns formats, packing, encodings, and how tables are laid out. Knows no source.

Where do I go to ...?

* open a file of any format: `opening.py`
* tell the separator, the header, HXL tags and row numbers: `layout.py`
* tell how numbers are written: `numbers.py`
* read a format: `csvfile.py`, `jsonfile.py`, `parquet.py`, `workbook.py`; unpack it: `unpack.py`
* take apart a table of dated vintages: `vintages.py`
"""
