"""Operations: when and how the stages run, and what people ask of the result.

Belongs here: jobs, schedules, running a load, the UI, first questions to the graph. Does not
belong here: anything that a stage decides.
"""
