"""Questions that show what a pod can do, by the pod's kind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """What a kind of pod is for, in a line, and what one might ask it first."""

    purpose: str
    today: str  # what the front page offers to ask
    questions: tuple[str, ...]


_FAMILY = Kind(
    "Calendars, notes and the papers of the house.",
    "What is on today?",
    (
        "What is on tomorrow?",
        "When is the next parents' evening?",
        "Are we free on Saturday afternoon?",
        "What does the landlord's letter say about the heating?",
        "Remember that the bins go out on Thursdays",
    ),
)
_FINANCE = Kind(
    "Accounts and bills, counted to the cent.",
    "What did we spend this week?",
    (
        "How much did we spend on groceries last month?",
        "What were the five largest payments this year?",
        "What did we earn last month?",
        "Remember that the tax adviser is away in August",
    ),
)
_STUDY = Kind(
    "Courses, deadlines and reading notes.",
    "What is on today?",
    (
        "What is on this week?",
        "When is the French test?",
        "What do mitochondria do?",
        "Remember that the library closes at 18:00 on Fridays",
    ),
)
_HEALTH = Kind(
    "Appointments, letters and results.",
    "What is on today?",
    (
        "When is the next appointment?",
        "What does the doctor's letter say?",
        "Add dentist on Tuesday at 15:30",
        "Remember that the pharmacy closes at 13:00 on Wednesdays",
    ),
)
_CREATOR = Kind(
    "Drafts, plans and dates for your own work.",
    "What is on today?",
    (
        "What is due this week?",
        "What do my notes say about the next piece?",
        "Add a planning hour on Friday at 10:00",
        "Remember that the banner is 1200 pixels wide",
    ),
)
_CUSTOM = Kind(
    "Answers from what its library holds.",
    "What is on today?",
    (
        "What is on tomorrow?",
        "What do the documents say about the heating?",
        "Add dentist on Tuesday at 15:30",
        "Remember that the bins go out on Thursdays",
    ),
)
_KINDS = {
    "family": _FAMILY,
    "finance": _FINANCE,
    "study": _STUDY,
    "health": _HEALTH,
    "creator": _CREATOR,
}


def of_kind(kind: str) -> Kind:
    """What is known of this kind of pod; the general words for one's own."""
    return _KINDS.get(kind, _CUSTOM)
