"""The category of a skill, by keyword.

Here: the table of keywords and the one expression that reads it. Not here: how a skill's id or
shown name comes about.
"""

from __future__ import annotations

import polars as pl

OTHER = "Other"

# Words of a skill's id (`project_management` has two). The first category that owns one of them
# wins: "data analysis for business" is technical, "business communication" is business.
# A word with a trailing * stands for all words that begin with it.
KEYWORDS: dict[str, tuple[str, ...]] = {
    "Technical": (
        *("3d", "ai", "algorithm*", "android", "angular", "ansible", "api", "apis", "arduino"),
        *("automation", "autocad", "aws", "azure", "backend", "bash", "bi", "big", "blockchain"),
        *("c", "cad", "cloud", "cod*", "comput*", "cplusplus", "csharp", "css", "cyber*"),
        *("data", "database*", "debugging", "deep", "dev", "developer", "development", "devops"),
        *("django", "docker", "dotnet", "electr*", "embedded", "engineer*", "ethical", "excel"),
        *("figma", "firebase", "flask", "flutter", "front", "frontend", "fullstack", "gcp", "git"),
        *("github", "go", "golang", "graphql", "hardware", "html", "html5", "ios", "iot", "it"),
        *("java", "javascript", "jenkins", "jquery", "kotlin", "kubernetes", "laravel", "linux"),
        *("machine", "matlab", "mechan*", "microservices", "mobile", "mongodb", "mysql"),
        *("network*", "neural", "nlp", "node", "nodejs", "numpy", "oracle", "pandas", "php"),
        *("postgresql", "powerbi", "program*", "python", "pytorch", "r", "rails", "react"),
        *("reactjs", "redis", "robot*", "ruby", "rust", "sap", "scala", "scrum", "security"),
        *("selenium", "shell", "software", "solidity", "spark", "spring", "spss", "sql"),
        *("statistic*", "swift", "system", "systems", "tableau", "tech*", "tensorflow"),
        *("terraform", "test*", "typescript", "ui", "unity", "unix", "ux", "vba", "vue", "web"),
        *("wordpress",),
    ),
    "Business": (
        *("account*", "administrat*", "advertis*", "agile", "analysis", "audit*", "bank*"),
        *("bookkeeping", "brand*", "budget*", "business", "commerce", "compliance", "consult*"),
        *("copywriting", "crm", "customer", "ecommerce", "economic*", "entrepreneur*", "financ*"),
        *("fundraising", "hr", "human", "insurance", "inventory", "invest*", "law", "legal"),
        *("logistics", "management", "manager", "market*", "merchandising", "operations"),
        *("payroll", "planning", "pricing", "procure*", "product", "project", "purchas*"),
        *("quality", "real", "recruit*", "research", "retail", "risk", "sales", "seo", "social"),
        *("stakeholder*", "strateg*", "supply", "tax", "trad*", "warehouse"),
    ),
    "Soft Skill": (
        *("active", "adaptab*", "attention", "attitude", "coach*", "collaborat*", "communicat*"),
        *("conflict", "cooperat*", "creativ*", "critical", "curiosity", "decision", "emotional"),
        *("empathy", "english", "facilitat*", "flexib*", "french", "honesty", "integrity"),
        *("interpersonal", "language*", "leader*", "leading", "listening", "mentor*"),
        *("motivat*", "multitasking", "negotiat*", "open", "organis*", "organiz*", "patience"),
        *("people", "persua*", "positive", "present*", "problem", "public", "punctual*"),
        *("reliab*", "resilien*", "responsib*", "self", "soft", "speak*", "stress", "swahili"),
        *("teach*", "team", "teams", "teamwork", "think*", "time", "train*", "work", "writing"),
    ),
}


def category_of(skill_id: pl.Expr) -> pl.Expr:
    """Technical, Business, Soft Skill or Other for a column of skill ids (never null)."""
    chosen = pl.lit(OTHER)
    for category, words in reversed(KEYWORDS.items()):
        owned = skill_id.str.contains(_pattern(words))
        chosen = pl.when(owned).then(pl.lit(category)).otherwise(chosen)
    return chosen


def _pattern(words: tuple[str, ...]) -> str:
    alternatives = "|".join(f"{word[:-1]}[^_]*" if word.endswith("*") else word for word in words)
    return f"(?:^|_)(?:{alternatives})(?:_|$)"
