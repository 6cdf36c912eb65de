"""Questions whose answers can be checked, and topics to write about: what simulated answers are made of.

Every phrase here is plain prose: words without inner punctuation, no markup, no emoji, and nothing
that the phrase lists count as flattery.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

__all__ = ["LONGEST_STATEMENT", "TOPICS", "Question", "Topic", "write_questions"]

LONGEST_STATEMENT = 6
"""No statement of an answer has more words."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
STATEMENTS = {
    "product": ("In all that is {} {unit}.", "That makes {} {unit}.", "Together there are {} {unit}."),
    "rest": ("That leaves {} {unit}.", "After that, {} {unit} are left.", "There are {} {unit} left."),
    "minutes": ("It comes to {} minutes.", "That is {} minutes in all.", "The total is {} minutes."),
    "weekday": ("It was a {}.", "That date fell on a {}.", "The day was a {}."),
    "date": ("That date is {}.", "Counting forward gives {}.", "It falls on {}."),
}


@dataclass(frozen=True, slots=True)
class Topic:
    """What an answer can be about.

    Attributes
    ----------
    name, place, box, unit : str
        A bakery packs trays of rolls; ``unit`` is plural.
    clauses : tuple of (subject, verb, object)
        Of two words, one or two, and two or three; articles come first.
    """

    name: str
    place: str
    box: str
    unit: str
    clauses: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, the right fact, and wrong facts that look like it.

    Attributes
    ----------
    prompt : str
    topic : int
        Place in ``TOPICS``.
    statements : tuple of str
        Sentences with ``{}`` for the fact.
    right : str
    wrong : tuple of str
        At least two, each of as many words as ``right``.
    """

    prompt: str
    topic: int
    statements: tuple[str, ...]
    right: str
    wrong: tuple[str, ...]


def write_questions(n: int, rng: np.random.Generator) -> list[Question]:
    """n questions of five kinds, no prompt twice.

    Examples
    --------
    >>> import numpy as np
    >>> question = write_questions(1, np.random.default_rng(0))[0]
    >>> question.prompt
    'How many minutes are there in 38 hours and 11 minutes? Please add a little about libraries.'
    >>> question.right, question.wrong
    ('2291', ('2300', '2282', '2301'))
    """
    questions: dict[str, Question] = {}
    while len(questions) < n:
        for draw in rng.integers(1 << 30, size=(n - len(questions), 5)).tolist():
            question = _question(*draw)
            questions.setdefault(question.prompt, question)
    return list(questions.values())


def _question(kind: int, topic: int, x: int, y: int, r: int) -> Question:
    """One question from five large random numbers."""
    topic %= len(TOPICS)
    about = TOPICS[topic]
    name = tuple(STATEMENTS)[kind % len(STATEMENTS)]
    if name == "product":
        a, b = 12 + x % 86, 6 + y % 90
        ask = f"A {about.place} has {a} {about.box} of {b} {about.unit} each. How many {about.unit} is that?"
        right, wrong = _numbers(a * b, r)
    elif name == "rest":
        a, b = 500 + x % 9000, 100 + y % 390
        ask = f"A {about.place} starts with {a} {about.unit}, and {b} of them go. How many are left?"
        right, wrong = _numbers(a - b, r)
    elif name == "minutes":
        a, b = 2 + x % 60, 1 + y % 59
        ask = f"How many minutes are there in {a} hours and {b} minutes?"
        right, wrong = _numbers(60 * a + b, r)
    else:
        ask, right, wrong = _dates(name, date(1930, 1, 1) + timedelta(days=x % 33_000), 20 + y % 300, r)
    texts = tuple(text.replace("{unit}", about.unit) for text in STATEMENTS[name])
    return Question(f"{ask} Please add a little about {about.name}.", topic, texts, right, wrong)


def _numbers(right: int, r: int) -> tuple[str, tuple[str, ...]]:
    """A number and three near it with as many digits."""
    near = [right + sign * off for off in (10, 1, 2, 20, 3, 30, 11, 9) for sign in (1, -1)]
    good = [str(x) for x in near if x > 0 and len(str(x)) == len(str(right))]
    at = r % len(good)
    return str(right), tuple((good + good)[at : at + 3])


def _dates(name: str, start: date, days: int, r: int) -> tuple[str, str, tuple[str, ...]]:
    if name == "weekday":
        right = start.weekday()
        wrong = tuple(DAYS[(right + off) % 7] for off in ((2, 4, 1), (5, 3, 6), (1, 6, 2))[r % 3])
        return f"Which day of the week was {_written(start)}?", DAYS[right], wrong
    end = start + timedelta(days=days)
    offs = ((1, -1, 7), (-2, 10, 1), (-7, 2, -1))[r % 3]
    ask = f"Which date comes {days} days after {_written(start)}?"
    return ask, _written(end), tuple(_written(end + timedelta(days=off)) for off in offs)


def _written(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _topic(name: str, place: str, box: str, unit: str, clauses: str) -> Topic:
    parts = (clause.strip().split(" / ") for clause in clauses.split(";"))
    return Topic(name, place, box, unit, tuple((s, v, o) for s, v, o in parts))


TOPICS = (
    _topic(
        "baking",
        "bakery",
        "trays",
        "rolls",
        "the dough / needs / a warm room; the oven / holds / its heat; the crust / keeps / the crumb moist;"
        "the flour / soaks up / the water; the yeast / eats / the sugar; the salt / slows / the yeast;"
        "the butter / gives / a soft crumb; the baker / weighs / every loaf; the steam / opens / the crust;"
        "the starter / wants / fresh flour; the tin / shapes / the loaf; the timer / saves / the batch",
    ),
    _topic(
        "gardens",
        "nursery",
        "crates",
        "seedlings",
        "the soil / feeds / the roots; the rain / fills / the barrel; the hedge / stops / the wind;"
        "the compost / warms / the bed; the bees / visit / the blossom; the pruning / brings / new shoots;"
        "the shade / cools / the lettuce; the frost / splits / the clay; the trellis / carries / the beans;"
        "the mulch / keeps / the moisture in; the worms / loosen / the ground;"
        "the pond / draws / small frogs",
    ),
    _topic(
        "railways",
        "depot",
        "wagons",
        "parcels",
        "the signal / guards / the junction; the driver / checks / the brakes;"
        "the rails / carry / the load;"
        "the timetable / links / the towns; the tunnel / shortens / the route;"
        "the ballast / drains / the track;"
        "the bridge / crosses / the valley; the engine / pulls / the carriages;"
        "the platform / meets / the doors;"
        "the crew / reads / the gauges; the switch / guides / the wheels; the freight / travels / by night",
    ),
    _topic(
        "libraries",
        "library",
        "shelves",
        "books",
        "the catalogue / lists / every title; the reader / finds / a quiet desk;"
        "the index / saves / an hour;"
        "the binding / protects / the pages; the archive / stores / old letters;"
        "the map / shows / the coast;"
        "the scribe / copies / the text; the lamp / lights / the table; the clerk / stamps / the card;"
        "the margin / holds / a note; the paper / ages / in sunlight; the cellar / stays / quite dry",
    ),
    _topic(
        "harbours",
        "port",
        "containers",
        "barrels",
        "the tide / lifts / the boats; the pilot / knows / the channel; the crane / moves / the cargo;"
        "the wall / breaks / the waves; the buoy / marks / the rocks; the anchor / grips / the mud;"
        "the chart / names / the shoals; the rope / holds / the ferry; the gulls / follow / the trawlers;"
        "the fog / hides / the pier; the lighthouse / warns / the ships; the dredger / clears / the basin",
    ),
    _topic(
        "astronomy",
        "observatory",
        "boxes",
        "plates",
        "the telescope / gathers / faint light; the mirror / bends / the beam;"
        "the orbit / follows / an ellipse;"
        "the comet / trails / thin gas; the moon / pulls / the sea; the dust / reddens / the stars;"
        "the spectrum / reveals / the elements; the dome / turns / all night;"
        "the planet / reflects / the sun;"
        "the clock / drives / the mount; the shadow / crosses / the disc;"
        "the survey / counts / the galaxies",
    ),
    _topic(
        "music",
        "workshop",
        "cases",
        "strings",
        "the bow / sets / the string moving; the drum / keeps / the pulse; the choir / fills / the hall;"
        "the reed / shapes / the tone; the melody / returns / in the bass;"
        "the pedal / sustains / the chord;"
        "the tuner / hears / the beats; the score / marks / the pauses; the wood / colours / the sound;"
        "the conductor / gives / the entry; the echo / blurs / the rhythm; the scale / climbs / by steps",
    ),
    _topic(
        "mountains",
        "hut",
        "sacks",
        "blankets",
        "the glacier / carves / the valley; the ridge / catches / the wind; the snow / hides / the path;"
        "the guide / reads / the slope; the stream / cuts / the rock; the pass / joins / two villages;"
        "the pines / anchor / the soil; the goats / know / every ledge; the cloud / covers / the summit;"
        "the rope / links / the climbers; the stones / mark / the trail; the thaw / swells / the river",
    ),
)
