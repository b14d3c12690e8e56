"""Ids and normalised names: the sections on city, company, institution and skill.

Here: slugs, hashes and word searches over one text. Not here: which spelling is shown (`graph`),
countries (`countries`).
"""

from __future__ import annotations

import hashlib
import unicodedata

from kweli_assets_tests.reference.values import WHITE_SPACE, is_missing_word

# "of more than 1,000 characters is quarantined as `name too long`"
LONGEST_NAME = 1000


def is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def is_letter_or_digit(character: str) -> bool:
    category = unicodedata.category(character)
    return category.startswith("L") or category == "Nd"


def is_punctuation(character: str) -> bool:
    return unicodedata.category(character).startswith("P")


def slug(decomposed: str, joint: str) -> str:
    """The slug of an already NFKD text.

    "combining marks (general category M) dropped, full case folding, runs of anything but letters
    (L) and decimal digits (Nd) of any script become one `-`, none at the ends"
    """
    folded = "".join(c for c in decomposed if not is_mark(c)).casefold()
    words = [""]
    for character in folded:
        if is_letter_or_digit(character):
            words[-1] += character
        elif words[-1] != "":
            words.append("")
    return joint.join(word for word in words if word != "")


def city_slug(name: str) -> str:
    return slug(unicodedata.normalize("NFKD", name), "-")


def skill_id(name: str) -> str:
    # "a slug as for a city but with `_`, after NFKD and `+` → `plus`, `#` → `sharp` and a leading
    # `.` → `dot`"
    decomposed = unicodedata.normalize("NFKD", name)
    if decomposed.startswith("."):
        decomposed = "dot" + decomposed[1:]
    return slug(decomposed.replace("+", "plus").replace("#", "sharp"), "_")


def normalised_name(name: str) -> str | None:
    """Of a company or institution; None where that is missing or empty.

    "NFKC, full case folding, blanks collapsed, outer punctuation (general category P) and blanks
    stripped until neither stands at an end"
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    collapsed = ""
    for character in folded:
        if character not in WHITE_SPACE:
            collapsed += character
        elif not collapsed.endswith(" "):
            collapsed += " "
    start = 0
    end = len(collapsed)
    while start < end and (collapsed[start] == " " or is_punctuation(collapsed[start])):
        start += 1
    while end > start and (collapsed[end - 1] == " " or is_punctuation(collapsed[end - 1])):
        end -= 1
    stripped = collapsed[start:end]
    # "The words for "missing" are looked for before and after normalising; such a name or an empty
    # one is no company"
    if is_missing_word(stripped):
        return None
    return stripped


def name_id(normalised: str) -> str:
    # "id is the first 16 hex digits of the SHA-256 of its UTF-8 bytes"
    return hashlib.sha256(normalised.encode("utf-8")).hexdigest()[:16]


def holds_word(text: str, word: str) -> bool:
    """ "Case does not matter; a word is bounded by anything but letters and digits." """
    folded = text.casefold()
    at = folded.find(word)
    while at >= 0:
        behind = at + len(word)
        starts = at == 0 or not is_letter_or_digit(folded[at - 1])
        ends = behind == len(folded) or not is_letter_or_digit(folded[behind])
        if starts and ends:
            return True
        at = folded.find(word, at + 1)
    return False
