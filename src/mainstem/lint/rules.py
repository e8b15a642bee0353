"""The rules, as one table: what each one looks for, why it hurts, how it is mended.

`docs/guard-rails.md` shows a bad and a good example of each; a test holds the two together.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One guard rail. `mend` is what a finding proposes unless it knows better."""

    id: str
    title: str
    why: str
    mend: str


RULES: tuple[Rule, ...] = (
    Rule(
        "step-id-in-parallel",
        "One step id in two branches of a parallel group",
        "The SDK tells repeated ids apart by counting them in the order in which they come. "
        "Branches that are at different steps come in another order on each replay, so one "
        "branch is given the memo of the other.",
        "Give each branch an id of its own, made of what the branch works on.",
    ),
    Rule(
        "outer-assignment-in-step",
        "A step changes a value outside of itself that is read later",
        "On replay the step's memo is returned and its body does not run: the change is lost.",
        "Return the value from the step and use what `await run.step(...)` gives.",
    ),
    Rule(
        "step-in-step",
        "A step within a step",
        "The SDK refuses nested steps: the outer one fails for good (`STEP_NESTED`).",
        "Return from the step first, then call the next one from the handler.",
    ),
    Rule(
        "nondeterminism",
        "A value that differs on replay steers steps or is handed to them",
        "The handler runs again from the top after every step. A time, a random number, the "
        "environment or an answer from outside is another one each time, so steps are skipped, "
        "repeated, or given values that do not belong together.",
        "Take the value inside a step and use the step's result.",
    ),
    Rule(
        "unstable-step-id",
        "A step id that changes from one call to the next",
        "A memo is found by its id. With a new id on each replay it is never found: the step "
        "runs again and again.",
        "Make the id of constants and of the event's data.",
    ),
    Rule(
        "duplicate-step-id",
        "One step id for two different pieces of work",
        "The second gets a number from the SDK. A change of their order hands each the memo of "
        "the other, and in the run's history they look alike.",
        "Name each step for what it does.",
    ),
    Rule(
        "lost-await",
        "A step that is not awaited",
        "Without `await` the coroutine is made and dropped: the step never runs, and no error "
        "says so.",
        "Write `await` before it.",
    ),
    Rule(
        "swallowed-step-error",
        "A failed step is passed over",
        "The SDK ends each request by raising out of the step: a `BaseException` in the way stops "
        "that. A broad `except` also catches a step's final failure, and the run completes as if "
        "all were well.",
        "Catch `StepError`, look at it, and raise again what you cannot mend.",
    ),
    Rule(
        "unordered-loop-step",
        "A step with one id in a loop over something without order",
        "The SDK numbers the repeated id in order of the loop. A set has another order in another "
        "process, so an item is given the memo of another item.",
        "Loop over `sorted(...)`, or put the item into the step's id.",
    ),
    Rule(
        "client-at-import",
        "A client, or a function bound to one, made by importing the module",
        "What is made at import has one client, one environment and one app for good; two modules "
        "that do it conflict.",
        "Write a definition instead and bind it at the start; `mainstem migrate` does it for you.",
    ),
    Rule(
        "undeclared-send",
        "An event that is sent and not declared in `sends=`, or declared and never sent",
        "`mainstem check` compares what is sent with what is handled by these declarations; a "
        "wrong one hides an event that nobody handles.",
        "Make `sends=` name the events that the function sends.",
    ),
    Rule(
        "blocking-call",
        "A call that blocks in a coroutine",
        "While it waits, nothing else in the process runs: no other run, no health check.",
        "Use the asynchronous counterpart, or `asyncio.to_thread`.",
    ),
    Rule(
        "ignore-without-reason",
        "An ignore that gives no reason",
        "Whoever reads it next cannot tell whether it still holds.",
        "Write the reason behind the bracket.",
    ),
    Rule(
        "unused-ignore",
        "An ignore that suppresses nothing",
        "It would hide the next finding on that line.",
        "Remove it, or name the rule that was meant.",
    ),
    Rule(
        "unreadable",
        "A file that cannot be read as Python",
        "What cannot be parsed cannot be checked.",
        "Mend the syntax.",
    ),
)

BY_ID: dict[str, Rule] = {rule.id: rule for rule in RULES}
