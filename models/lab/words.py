"""The words Vignette was taught. Whoever takes prompts can say which of their words it does not know.

`python -m lab.words vignette` writes words.json.
"""
from __future__ import annotations

import argparse
import json
import re
from itertools import chain
from pathlib import Path

from .attributes import ATTRIBUTES, COUNTS, POSITIONS, THINGS

LINKS = ("a", "an", "and", "as", "in", "of")  # what `captions.write` puts between its phrases
# English needs these and the captions do without. They ask for nothing, so nothing is lost where they are read past.
# Words that do ask for something ("behind", "without", "four", "red") are not small words, and stay unknown.
SMALL_WORDS = ("are", "is", "it", "its", "near", "over", "some", "that", "there", "this", "where", "which", "with")


def known_words() -> list[str]:
    """Every word of every phrase, in lower case and in order; `hot-air` is two."""
    values = (phrases for attribute in ATTRIBUTES.values() for phrases in attribute.values())
    things = (words for thing in THINGS.values() for words in thing.words)
    phrases = chain(*values, *things, *POSITIONS.values(), *COUNTS.values(), LINKS, SMALL_WORDS)
    return sorted({word for phrase in phrases for word in words_of(phrase)})


def words_of(text: str) -> list[str]:
    """The words of a text, as whoever reads the list takes them apart: runs of letters, in lower case."""
    return re.findall(r"[^\W\d_]+", text.lower())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    (parser.parse_args().model / "words.json").write_text(json.dumps(known_words(), indent=2) + "\n")


if __name__ == "__main__":
    main()
