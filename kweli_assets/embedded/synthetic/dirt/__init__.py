"""Nasty rows: every way known to us in which the source table can disappoint its reader.

values holds the nasty literals; flat and documents the kinds of dirt for flat and JSON columns;
registry what a kind is; soil puts them into rows.
"""
