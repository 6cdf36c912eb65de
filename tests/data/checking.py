"""Facts worked out from prompts alone, and found in answers."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
DATE = r"\d+ [A-Z][a-z]+ \d{4}"


def fact_of(prompt: str) -> str:
    """The right answer to one of the simulated prompts."""
    ask = prompt.partition("Please add")[0]
    numbers = [int(x) for x in re.findall(r"\d+", re.sub(DATE, "", ask))]
    dates = [datetime.strptime(x, "%d %B %Y") for x in re.findall(DATE, ask)]
    if "day of the week" in ask:
        return dates[0].strftime("%A")
    if dates:
        end = dates[0] + timedelta(days=numbers[0])
        return f"{end.day} {end.strftime('%B %Y')}"
    if "each" in ask:
        return str(numbers[0] * numbers[1])
    if "are left" in ask:
        return str(numbers[0] - numbers[1])
    assert "How many minutes" in ask
    return str(60 * numbers[0] + numbers[1])


def facts_in(answer: str) -> list[str]:
    """Every date, weekday and number in an answer, but for the numbers of lists."""
    plain = re.sub(r"(?m)^\d+\. ", "", answer.replace("**", ""))
    return re.findall(rf"{DATE}|\d+|\b(?:{DAYS})\b", plain)
