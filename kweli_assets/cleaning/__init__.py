"""Rules for one value at a time: what is missing, what a text, flag, number, date or name means.

Belongs here: pure functions of values, series and expressions, each with its sentence of the
graph's rules ("Values" and "Cleaning"). Does not belong here: frames, files, Dagster, the clock.
"""
