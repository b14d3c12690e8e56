"""Five questions that the graph answers, as a first taste of it.

Here: the questions and their Cypher. Not here: printing (cli).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neo4j import Driver

_MOST_ANSWERS = 8


@dataclass(frozen=True)
class Question:
    """A question, and the Cypher that answers it with at most $most rows."""

    title: str
    cypher: str


QUESTIONS: tuple[Question, ...] = (
    Question(
        "Where do learners live?",
        """MATCH (learner:Learner) WHERE learner.countryOfResidenceCode IS NOT NULL
        WITH learner.countryOfResidenceCode AS code, count(*) AS learners
        ORDER BY learners DESC, code LIMIT $most
        MATCH (country:Country {code: code})
        RETURN country.name AS country, learners""",
    ),
    Question(
        "Which programs have the most graduates?",
        """MATCH (learner:Learner)-[enrolment:ENROLLED_IN]->(program:Program)
        WHERE enrolment.isCompleted
        RETURN program.name AS program, count(DISTINCT learner) AS graduates
        ORDER BY graduates DESC, program LIMIT $most""",
    ),
    Question(
        "Which skills are the most common?",
        """MATCH (skill:Skill)<-[:HAS_SKILL]-(:Learner)
        RETURN skill.name AS skill, skill.category AS category, count(*) AS learners
        ORDER BY learners DESC, skill LIMIT $most""",
    ),
    Question(
        "Who employs learners today?",
        """MATCH (learner:Learner)-[job:WORKS_FOR]->(company:Company) WHERE job.isCurrent
        RETURN company.name AS company, count(DISTINCT learner) AS learners
        ORDER BY learners DESC, company LIMIT $most""",
    ),
    Question(
        "What share of each program's learners works?",
        """MATCH (learner:Learner)-[:ENROLLED_IN]->(program:Program)
        WITH DISTINCT program.name AS program, learner
        WITH program, count(*) AS learners,
             count(CASE learner.currentProfessionalStatus WHEN 'Unemployed' THEN null ELSE 1 END)
               AS employed
        RETURN program, learners, employed,
               round(100.0 * employed / learners, 1) AS percent
        ORDER BY learners DESC, program LIMIT $most""",
    ),
)


def ask(driver: Driver, database: str, question: Question) -> tuple[list[str], list[list[Any]]]:
    """The columns and rows of the answer."""
    records, _, columns = driver.execute_query(
        question.cypher, most=_MOST_ANSWERS, database_=database, routing_="r"
    )
    return list(columns), [list(record.values()) for record in records]
