"""The main job: household questions, answered by the real model through the whole house."""

from __future__ import annotations

from datetime import datetime

import expected
import pytest
from questions import Question, Reply, questions
from running import RunningHouse

from hearth.ops.sample import household

NEEDED = 20 / 24  # of the questions


@pytest.mark.timeout(1500)
def test_household_questions(house: RunningHouse, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(expected.ZONE)
    asked = list(questions(household(now.date()), now))
    lines, right, conversation = [], 0, None
    for question in asked:
        reply = house.ask(question.pod, question.text, conversation if question.follows else None)
        conversation = reply["conversation"]
        passed = question.check(reply)
        right += passed
        lines.append(_line(question, reply, passed=passed))
        if question.confirm and passed:
            house.run_json("confirm", reply["proposals"][0]["id"], "--pod", question.pod)
    with capsys.disabled():
        print("\n" + "\n".join(lines))
        print(f"household questions: {right} of {len(asked)} right")
    assert right >= NEEDED * len(asked)


def _line(question: Question, reply: Reply, *, passed: bool) -> str:
    mark = "right" if passed else "WRONG"
    tools = ",".join(call["tool"] for call in reply["tools"])
    answer = " ".join(reply["answer"].split())
    seconds = reply["timings"]["total"] / 1000
    return f"  {mark} {seconds:5.1f} s  {question.text}  [{tools}] → {answer[:160]}"
