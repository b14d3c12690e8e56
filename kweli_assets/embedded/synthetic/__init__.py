"""Synthetic learners: a source table that is as large and as nasty as the real one.

rows makes chunks of the table out of profile (flat columns), entries (JSON columns) and dirt;
csv_file and table write it to a file or a server; evolution turns it into the next day's; command
is `kweli generate`. Not here: reading the table (resources, snapshot).
"""
