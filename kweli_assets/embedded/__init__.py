"""Embedded: real servers that run with nothing configured, and synthetic learners for them.

Belongs here: MariaDB and Neo4j out of package artifacts, their life, the generator. Does not
belong here: anything that a load needs when both servers are configured.
"""
