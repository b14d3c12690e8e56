"""Resources: the places outside that a load reads and writes, and their settings.

Belongs here: the source, the store, the graph, the clock, the variables that name them. Does not
belong here: what is read from or written to them.
"""
