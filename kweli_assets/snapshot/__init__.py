"""Snapshot: the learner table of one day as one Parquet file.

Belongs here: the contract of columns, which days may be read, the scan, its asset and check. Does
not belong here: what a value means (cleaning), connections (resources).
"""
