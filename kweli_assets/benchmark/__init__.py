"""The project's own benchmark: every stage's seconds, rows a second and memory beside the floor.

Here: running the real stages on real servers in a temporary home, and measuring them. Not here:
anything that a stage needs; no stage imports from here.
"""
