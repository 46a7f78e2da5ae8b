"""Phrases of time in a member's words, resolved to exact periods in the household's zone.

Written by hand after measuring what there is on forty household phrases: dateparser, parsedatetime
and ctparse answer with an instant where a household means a period ("last month", "this weekend",
"since June"); timefhuman resolved none; recognizers-text-date-time knows periods but was last
released in 2019, no longer imports beside a current emoji package, misreads "in two weeks", does
not know "the 24th", and costs a pod 28 MB. The grammar stands on dateutil's calendar arithmetic.

Choices where English leaves one:
- A bare weekday is the first one after today (who means today says so) or, looking back, before
  it. "Next Friday" is the Friday of next week, "this Friday" the one of this week, or the coming
  one when that has passed. Weeks begin on Monday.
- "Last month" is the calendar month before this one and "last three months" are the three before
  it; "past month" and numbers of days or weeks roll, today included.
- Hours from 1 to 7 without a.m., p.m. or a leading zero are in the afternoon.
- A day and month without a year is the coming one, or looking back, the one just gone.
"""

from hearth.tools.when.dates import Unclear
from hearth.tools.when.period import Direction, Grain, Period
from hearth.tools.when.phrases import Found, find, locate, resolve, without

__all__ = [
    "Direction",
    "Found",
    "Grain",
    "Period",
    "Unclear",
    "find",
    "locate",
    "resolve",
    "without",
]
