"""Captions: what is asked for, as a value (`Request`), as English (`write`) and back again (`read`).

A request names any subset of the attributes and up to three kinds of things. The wording varies:
synonyms, free order, joined by commas or run together. Nothing is ever denied ("no birds"): what is
not wanted belongs in the negative prompt.
"""
from __future__ import annotations

import random
import re
from dataclasses import dataclass

from .attributes import ATTRIBUTES, COUNTS, POSITIONS, THINGS, can_hold


@dataclass(frozen=True)
class Wish:
    """`count` of one thing, somewhere in particular or (None) wherever the noise puts it."""
    thing: str
    count: int = 1
    position: str | None = None


@dataclass(frozen=True)
class Request:
    """What a caption says: attribute -> value for those named, and the things asked for."""
    named: tuple[tuple[str, str], ...]
    wishes: tuple[Wish, ...]

    def get(self, attribute: str) -> str | None:
        return dict(self.named).get(attribute)


def sample(rng: random.Random, complete: bool | None = None) -> Request:
    """A random request. `complete` forces all five attributes to be named; by default four in ten are."""
    place = rng.choice(tuple(ATTRIBUTES["place"]))
    everything = rng.random() < 0.4 if complete is None else complete
    named = []
    for attribute, values in ATTRIBUTES.items():
        value = place if attribute == "place" else rng.choice(tuple(values))
        if everything or rng.random() < 0.72:
            named.append((attribute, value))
    possible = [thing for thing in THINGS if can_hold(place, thing)]
    kinds = rng.choices((0, 1, 2, 3), (12, 42, 36, 10))[0]
    wishes: list[Wish] = []
    room = {"ground": 4, "water": 4, "sky": 4}
    for thing in rng.sample(possible, kinds):
        stands = THINGS[thing].stands
        count = min(rng.choices((1, 2, 3), (60, 25, 15))[0], room[stands])
        if count == 0:
            continue
        room[stands] -= count
        # A position is said of one kind at most, so that two can never claim the same spot.
        position = rng.choice(tuple(POSITIONS)) if count == 1 and not any(w.position for w in wishes) and rng.random() < 0.25 else None
        wishes.append(Wish(thing, count, position))
    if not named and not wishes:
        named = [("place", place)]
    return Request(tuple(named), tuple(wishes))


def write(request: Request, rng: random.Random) -> str:
    """One English wording of `request`."""
    named = {attribute: rng.choice(ATTRIBUTES[attribute][value]) for attribute, value in request.named}
    things = [_noun_phrase(wish, rng) for wish in request.wishes]
    parts = things if len(things) < 2 or rng.random() < 0.6 else [f"{', '.join(things[:-1])} and {things[-1]}"]
    if "place" in named:
        place = named.pop("place")
        if parts and rng.random() < 0.6:
            where = rng.randrange(len(parts))
            parts[where] = f"{parts[where]} {place}"
        else:
            parts.append(place)
    style = named.pop("style", None)
    for phrase in named.values():
        if parts and rng.random() < 0.4:
            parts[-1] = f"{parts[-1]} {phrase}"
        else:
            parts.append(phrase)
    if rng.random() < 0.6:
        rng.shuffle(parts)
    if style is not None:
        choice = rng.random()
        if choice < 0.35 and parts:
            parts[0] = f"{rng.choice(('', 'a '))}{style} of {parts[0]}"
        elif choice < 0.5:
            parts.insert(0, style)
        elif choice < 0.75:
            parts.append(style)
        else:
            parts.append(f"as {'an' if style[0] in 'ai' else 'a'} {style}" if style != "pen and ink" else "in pen and ink")
    text = ", ".join(parts) if rng.random() < 0.8 else " ".join(parts)
    return text[0].upper() + text[1:] if rng.random() < 0.2 else text


def _noun_phrase(wish: Wish, rng: random.Random) -> str:
    singular, plural = rng.choice(THINGS[wish.thing].words)
    if wish.count == THINGS[wish.thing].plural_count and singular != plural and rng.random() < 0.4:
        phrase = plural
    elif wish.count == 1:
        word = rng.choice(COUNTS[1])
        phrase = f"{'an' if word == 'a' and singular[0] in 'aeiou' else word} {singular}"
    else:
        phrase = f"{rng.choice(COUNTS[wish.count])} {plural}"
    return f"{phrase} {rng.choice(POSITIONS[wish.position])}" if wish.position else phrase


def _pattern() -> tuple[re.Pattern[str], dict[str, tuple[str, str]]]:
    meaning: dict[str, tuple[str, str]] = {}
    for attribute, values in ATTRIBUTES.items():
        for value, phrases in values.items():
            meaning.update({phrase: (attribute, value) for phrase in phrases})
    for thing, entry in THINGS.items():
        for singular, plural in entry.words:
            meaning[plural] = ("many", thing)
            meaning[singular] = ("one", thing)
    for position, phrases in POSITIONS.items():
        meaning.update({phrase: ("position", position) for phrase in phrases})
    for count, words in COUNTS.items():
        if count > 1:
            meaning.update({word: ("count", str(count)) for word in words})
    longest_first = sorted(meaning, key=len, reverse=True)
    return re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, longest_first)) + r")(?![\w-])"), meaning


_PHRASES, _MEANING = _pattern()


def read(caption: str) -> Request:
    """The request a caption makes: longest known phrase first, words it does not know are skipped."""
    named: dict[str, str] = {}
    wishes: list[Wish] = []
    count: int | None = None
    for match in _PHRASES.finditer(" ".join(caption.lower().split())):
        kind, value = _MEANING[match.group()]
        if kind == "count":
            count = int(value)
        elif kind in ("one", "many"):
            wishes.append(Wish(value, count or (THINGS[value].plural_count if kind == "many" else 1)))
            count = None
        elif kind == "position" and wishes:
            wishes[-1] = Wish(wishes[-1].thing, wishes[-1].count, value)
        elif kind in ATTRIBUTES:
            named[kind] = value
    ordered = tuple((attribute, named[attribute]) for attribute in ATTRIBUTES if attribute in named)
    return Request(ordered, tuple(wishes))


def meaning_of_spans(caption: str) -> list[tuple[int, tuple[str, str]]]:
    """Where each known phrase of a lower-case caption ends, and what it means (things without their number)."""
    meanings = ((match.end(), _MEANING[match.group()]) for match in _PHRASES.finditer(caption))
    return [(end, ("thing", value) if kind in ("one", "many") else (kind, value)) for end, (kind, value) in meanings]
