"""Kweli assets: a relational learner table becomes a Neo4j graph, as a Dagster asset graph.

Nothing is imported here, so that the pure stages can be used without Dagster.
"""
