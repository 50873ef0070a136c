"""The lab: everything that makes Vignette out of nothing but this folder.

It draws its own training pictures, writes their captions, trains the three networks and measures
them. It is not part of the page: the page reads only what `export.py` leaves in `models/vignette`.
"""
