"""Nasty literals: blanks, dates, numbers, flags, names that readers have stumbled over.

Here: lists only, each with the trap that it sets. Not here: where they are put (flat, documents).
"""

from __future__ import annotations

from typing import Any, Final

BLANKS: Final = tuple(
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""All 25 characters with the Unicode property White_Space."""

NO_BLANKS: Final = tuple("\u200b\u200d\ufeff\u180e\u2060\x1c\x1d\x1e\x1f")
"""Look like blanks, or are stripped as such by some languages, and are none."""

MISSING: Final = (
    "n/a", "N/A", "None", "NULL", "null", "nOnE", "-99", "-99.0", " n/a ", "\u2003N/A\u3000",
    "\u00a0null\u2028", "n\x00/a", "\x00", "\x00n/a\x00", " ", "", "\t\r\n", "NONE\u0085",
)  # fmt: skip
"""Stand for missing by the text rule."""

NEARLY_MISSING: Final = (
    "na", "n/a.", "N/A!", "nil", "-", "--", "?", "-99.00", "-099", "99", "Ｎ／Ａ", "none of these",
    "\u200bn/a", "\x1cn/a", "undefined", "NaN", "nullable", "(null)", "'n/a'", "n / a",
)  # fmt: skip
"""Are texts like any other (some of them no longer once a company's name is normalised)."""

FLAGS_OF_NUMBERS: Final = ("-99", "2", "-1", "10", None)
"""Unreadable or missing flags that an integer column can hold."""

FLAGS_OF_TEXT: Final = (
    "true", "FALSE", "True", " 1 ", "0\u00a0", "yes", "no", "n/a", "1.0", "0.0", "01", "+1",
    "None", "T", "-99.0", "１",
)  # fmt: skip
"""Flags that only a CSV can hold; some are readable."""

NUMBERS_OF_TEXT: Final = (
    "abc", "NaN", "Infinity", "-Infinity", "1,5", "1e2", "1E+2", "12.5.1", "--1", "+7", " 12 ",
    ".5", "7.", "-0", "0x10", "1_000", "٣", "９", "1e400", "", "n/a", "-99", "-99.0", "-99.00",
    "-9.9e1",
)  # fmt: skip

SNAPSHOT_IDS_OF_NUMBERS: Final = (None, "-99", "0", "-1", "9223372036854775807")
SNAPSHOT_IDS_OF_TEXT: Final = ("9223372036854775808", "20251201.0", "latest", "n/a", "1e7")

COUNTRIES: Final = (
    "Other", "Prefer not to say", "Etiopia-", "NG", "NGA", "Nigeria/Ghana", "Wakanda", "the",
    "Africa", "🇳🇬", "N1geria", "Niger ia", "Korea", "Guinea Bissau", "Congo-Brazzaville",
    "Congo", "CÔTE D’IVOIRE", "Co\u0302te d'Ivoire", "cote  d  ivoire", "Ivory Coast.",
    "The Gambia", "gambia, the", "Swaziland", "Kosovo", "Trinidad & Tobago",
    "Bosnia and  Herzegovina", "ＧＨＡＮＡ", "\u00c5land Islands", "Lao PDR", "Saint Helena",
    "São Tomé", "Nigeria\x00", "\u3000Kenya\u2003", "Burma", "Turkey", "United States of America",
    "Holland", "England", "  ", "---",
)  # fmt: skip

CITIES: Final = (
    "---", "!!!", "北京", "الدار البيضاء", "서울", "İstanbul", "ISTANBUL", "Straße", "STRASSE",
    "ＬＡＧＯＳ", "Lagos.", "lagos ", "  LAGOS", "La\x00gos", "Sa\u0303o Paulo", "São Paulo",
    "６th of October", "6th of October", "🏙️", "n/a.", "Alex", "alex", "St. John's", "St John s",
    "Port\u00a0Harcourt", "Port-Harcourt", "port_harcourt", "Lagos, Nigeria", "Lagos/Abuja", "№ 5",
    "½", "१२३", "ﬁsherville", "Ǆakovo", "Wa\u0300rri", "Àbújá", "x" * 1_001, "y" * 5_000,
    "\u200bLagos", "²", "Ⅷ",
)  # fmt: skip

SKILL_LISTS: Final = (
    ", ,", ",", " ,asp.net", "C, C++, C#, .NET, F#, c, C ++", "!!!,-,Python", "Python;Java",
    "Python|SQL", "Café, Cafe\u0301, cafe", "İstanbul, ISTANBUL", "ſtrategy, Straße, STRASSE",
    "\u00a0Go\u00a0,\u3000Go", "日本語,データ", "n/a, None, -99, Python",
    "Node.js, .node, node js, Node JS", "_, __, C_", "R&D, R & D, r&d", "Py\x00thon,Python",
    "١٢٣ Excel", "++,##,..", "C++++,c++,C+ +", "\ufb01nance, finance", "python,Python,PYTHON",
    "SQL,SQL,SQL,SQL", "Ｐｙｔｈｏｎ,Python", "²,2", "Python\n,\nJava", '"Python", "Java"',
    "['Python', 'SQL']", "🐍, 🐍🐍, Python 🐍", ".Net,..Net,.,net", "K8s—DevOps, K8s-DevOps",
    "\u200bPython,Python", "None", "Skill" + "l" * 1_200 + ", Python",
)  # fmt: skip

BIOS: Final = (
    "\x00", "a\x00b", "Line one\r\nLine two\r\n\r\nLine four", "a\r\nb\nc\rd",
    "Carriage\rreturn only", '"starts with a quote', 'ends with a quote"', '""', '"', "'", "\\",
    "\\n", "\\N", "ends with \\", "Back\\slash \\N and tab\there", "a,b;c|d", ",",
    "{\"not\": \"json\"}", "<b>bold</b> & <i>it</i>", "=HYPERLINK(1)", "#hashtag @handle",
    "你好，世界", "مرحبا بالعالم", "👩🏽\u200d💻 developer", "🙂🚀", "  outer blanks  ",
    "\u2028separator\u2029", "\u0001\u0002\u001f\u007f", "%s %(x)s {0} $1 ?", "NULL",
    "E\u0301migre\u0301", "\ufeffbom", "\ufffd\uffff", "\U0010ffff", "long " * 6_000, "\n", "-99",
)  # fmt: skip

DATES: Final[tuple[Any, ...]] = (
    "01/02/2021", "2021-13-01", "2021-02-29", "2024-02-29", "2024-12-22T00:00:00",
    "2025-03-22 00:00:00", "2021-03-04T10:00:00+05:00", "2021-03-04Tnonsense", "2021-03-04x",
    " 2021-03-04 ", "\u00a02021-03-04\n", "2021-3-4", "2021-00-10", "2021-01-00", "20210304",
    20210304, "9999-12-31", "9999-12-31T00:00:00", "9999-12-30", "1970-01-01",
    "1970-01-01T00:00:00", "1970-01-02", "1969-12-31", "2030-12-31", "2031-01-01", "0001-01-01",
    "0000-00-00", "10000-01-01", "２０２１-０３-０４", "Jan 5 2021", "yesterday", "-2021-01-01",
    "+2021-01-01", "", "n/a", "-99", -99, None, True, 0, 1.5, [], ["2021-01-01"], {},
    {"date": "2021-01-01"}, "2021-03-04\x00", "2021\x00-03-04", "2025-12-01", "2025-11-30",
    "2025-12-02",
)  # fmt: skip

NUMBERS: Final[tuple[Any, ...]] = (
    "1,000", "many", "NaN", "Infinity", "-inf", "--5", "1e5", "1E2", "1e-3", " 12 ", "+7", "7.",
    ".5", "1_000", "٣", "９", "1e999", "-1e999", "12345678901", "12345678901234567890",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
    "-0", "-0.9", "0x10", "33.333333333333336", "-99.00", "-99.0", "-9.9e1", "-99", " -99 ", "-1",
    "-3.9", "12.7", "12.0", "", "n/a", "$5", "5 USD", "1\u00a0000", "1 000", "5\x00", "0.1e1", 12,
    12.7, -3.9, 4.0, -99, -99.0, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 1e300, True,
    False, None, [], [1], {}, {"value": 1},
)  # fmt: skip

NUMBER_LITERALS: Final = ("-0", "1E2", "1e400", "0.10", "-99.00", "12345678901234567890", "1e-400")
"""Valid JSON that a JSON library would not write itself."""

BAD_LITERALS: Final = (
    "NaN", "Infinity", "-Infinity", "01", "+1", ".5", "1.", "0x1", "nul", "True", "'x'",
)  # fmt: skip
"""Not allowed by RFC 8259, though some readers take them."""

STATUSES: Final[tuple[Any, ...]] = (
    "Completed", "Suspended", "Active", "GRADUATED", "graduated", "dropped out",
    "DROPPED OUT", "Dropped  Out", "Dropped-Out", " enrolled ", "Deferred", "Transferred",
    "Inactive", "", "n/a", None, True, 1, [], "Graduated\x00", "\u00a0Completed\u3000",
    "completed.",
)  # fmt: skip

COHORTS: Final[tuple[Any, ...]] = (
    "", " ", None, "n/a", "NULL", -99, "-99", True, [], {}, "\x00", 7, 7.5, "SE-C1 ", "se-c1",
    "SE\x00-C1", "SE-C1\u00a0", "C" * 1_001, "---", "كوهورت ١",
)  # fmt: skip

PROGRAM_NAMES: Final[tuple[Any, ...]] = (
    "SOFTWARE ENGINEERING", "Software Engineering ", "software engineering", "n/a", "N/A", None,
    "", 5, "AI Programming with UDACITY", "My uDaCiTy course", "Udacit", "\u2003Em Blank\u2003Ltd",
    "Straße", "Emoji 😀 Ltd", True, ["Software Engineering"], "P" * 1_500,
)  # fmt: skip

NAMES: Final[tuple[Any, ...]] = (
    "Google.", "(Andela)", "« Desert Telecoms Hub »", "ＧＯＯＧＬＥ", "Straße GmbH",
    "STRASSE GMBH", "ﬁrst bank", "First Bank", '"N/A"', "N/A.", "[n/a]", "Ｎ／Ａ", "-99",
    "(-99.0)", "--", "…", "_Andela_", "A&B", "A & B", "  ", "\u3000", "ΟΔΥΣΣΕΥΣ", "Οδυσσεύς",
    "İş Bankası", "i̇ş bankası", "🚀", "Emoji 😀 Ltd", "ООО Ромашка", "شركة الاتصالات",
    "\u2003Em Blank\u2003Ltd", "Em\u00a0\u00a0Blank Ltd", "Nul\x00l Corp", "\x00", "None", "none.",
    "'null'", "C" * 1_000, "C" * 1_001, "D" * 4_000, "!" + "E" * 1_000 + "!", "ß" * 600, "¿Qué?",
    "¡Hola!", "$5 Shop", "+1 Media", "100%", "#1", "@home", "Tab\tCo", "Line\nCo", "Quote\"Co",
    "Back\\slash Co", "‘Single’", "\u200bZero Width", "e\u0301cole", "école", "", None, 7, 7.5,
    True, False, [], ["Andela"], {}, {"name": "Andela"}, 1e21, 10**25,
)  # fmt: skip
"""Names of companies and institutions; several of them are the same once normalised."""

TEXTS: Final[tuple[Any, ...]] = (
    None, "", "n/a", " n/a ", "\x00n/a ", 5, 5.5, -99, -99.0, True, False, [], {}, ["x"],
    {"a": {"b": []}}, "Line\nbreak", "Tab\t", "Quote \" and \\ backslash", "é", "e\u0301",
    "\u2028", "😀", "\x00", "x" * 3_000, " padded ", "\u3000wide\u3000", "</script>", "CEO",
    "co-founder", "freelancer", "FOUNDER_CEO", "ceo2", "entrepreneurs", "self-employed",
    "consultant/owner", "Founder’s friend", "propriétaire, Owner",
)  # fmt: skip

CURRENT: Final[tuple[Any, ...]] = (
    "1", "0", 1, 0, True, False, "true", "FALSE", "yes", "2", -99, "-99", None, "", "n/a", " 1 ",
    1.0, 2, [], "1.0",
)  # fmt: skip

DURATIONS: Final[tuple[Any, ...]] = (
    "0.0027", "0.003", "0", "0.0", "-2", "-99", -99, "0.5", 0.5, "1.0", "15", "1e400", "1e15",
    "NaN", None, "", "two", "0.08", "0.084",
)  # fmt: skip

ELEMENTS: Final[tuple[Any, ...]] = (
    None, "x", "", 1, 1.5, True, False, [], [[]], [{"index": "1"}], "null", -99, "{}",
)  # fmt: skip
"""Elements of an array that are no objects."""

WHOLE_MISSING: Final = (
    "", None, "n/a", "N/A", "null", "NULL", "none", " null ", "\u00a0n/a\u00a0", "-99", "-99.0",
    "[]", " [ ] ", '""', '"n/a"', '"null"', '"[]"', '"\\"[]\\""', '" "', "\n", "[\n]\n",
    '"\\u006eull"', "\x00",
)  # fmt: skip
"""A JSON column without any entry."""

WHOLE_NO_ARRAY: Final = (
    "{}", "0", "1.5", "true", "false", '{"entries": []}', '"0"', '"{}"', '"true"', "-98", "1e400",
    ' {"a":1} ',
)  # fmt: skip

WHOLE_BAD: Final = (
    "not json", "undefined", '"[1"', "[", "]", "[{]", '[{"index": "1"}', '[{"index": "1"},]',
    "[{'index': '1'}]", "[NaN]", "[Infinity]", "[-Infinity]", '["\\ud800"]', '["\\udc00\\ud800"]',
    '"\\ud83d"', "[1 2]", "[01]", '[{"index": "1"}] trailing', "\ufeff[]", '["tab\there"]',
    '["line\nbreak"]', "[/* comment */]", "[1,,2]", '{"a":}', '"unterminated', "[\\u0031]",
    '["\\x41"]', "\u00a0[]x", "n/a.", "[]\x01", "[True]", "[nul]", '[{"a": 1, }]', "{index: 1}",
    '""""', "[]]", '"not json"', "nan", "Infinity", "-", "\u2003[]",
)  # fmt: skip
"""Texts that RFC 8259 does not allow (blanks beyond its four among them), and lone surrogates."""
