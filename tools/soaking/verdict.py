"""What must be true in the end. Each rule gives the faults it found, as sentences."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from soaking.load import KINDS, Sent
from soaking.record import Record, Run
from soaking.values import value_of

Json = Any
Rule = Callable[[Record, list[Sent]], Iterator[str]]

STEPS: Final[Mapping[str, frozenset[str]]] = {
    kind: frozenset(names.split())
    for kind, names in {
        "steps": "one left middle right last",
        "sleeper": "before nap after",
        "waiter": "before answer ask after",
        "callee": "called",
        "caller": "before call",
        "child": "only",
        "fan": "children after",
        "flaky": "second-try after",
        "failing": "before",
        "failing-failure": "",
        "limited": "first second",
        "throttled": "only",
        "debounced": "only",
        "batched": "only",
        "single": "only",
        "newest": "first second",
        "once": "only",
        "stopped": "for-ever",
    }.items()
}
_ENDS: Final[Mapping[str, frozenset[str]]] = {
    "failing": frozenset({"FAILED"}),
    "single": frozenset({"COMPLETED", "SKIPPED"}),
    "newest": frozenset({"COMPLETED", "CANCELLED"}),
    "stopped": frozenset({"CANCELLED"}),
}
_COMPLETED: Final = frozenset({"COMPLETED"})
# Each of their events starts exactly one run, whose end does not hang on when anything happened.
_EXACT: Final = frozenset(KINDS) - {"debounced", "batched", "once"}
# Steps whose memo is not a value of ours.
_OTHERS: Final = frozenset({"nap", "for-ever", "answer", "ask", "children", "call"})


def judge(record: Record, accepted: list[Sent]) -> list[str]:
    """Every fault of a campaign; none is what it is for."""
    rules: tuple[Rule, ...] = (
        _whole,
        _all_stored,
        _nothing_invented,
        _nothing_stuck,
        _one_run_each,
        _debounced,
        _batched,
        _singletons,
        _once,
        _ends,
        _memos,
        _done_once,
    )
    return [fault for rule in rules for fault in rule(record, accepted)]


def outcomes(record: Record) -> dict[str, Json]:
    """What must be the same as in an undisturbed run: how each run ended and what it gave."""
    told: dict[str, Json] = {
        "batched": sorted(key for run in _of(record, "batched") for key in run.keys)
    }
    for run in record.runs:
        if run.kind in ("batched", "debounced", "single", "newest"):
            continue
        place = run.group if run.kind == "once" else run.keys[0]
        is_value = run.status == "COMPLETED" and run.kind not in ("once", "failing-failure")
        status = None if run.kind == "failing-failure" else run.status  # see `_ends`
        told[f"{run.kind} {place}"] = [status, _bare(run.output) if is_value else None]
    return told


def differences(found: dict[str, Json], undisturbed: dict[str, Json]) -> list[str]:
    """How the outcomes of a campaign differ from those of an undisturbed run."""
    return [
        f"{key}: {found.get(key)!r}, undisturbed {undisturbed.get(key)!r}"
        for key in sorted(found.keys() | undisturbed.keys())
        if found.get(key) != undisturbed.get(key)
    ]


def counts(record: Record) -> dict[str, int]:
    """How much there was of what."""
    memos = [step for run in record.runs for step in run.steps if step.is_done]
    ran = Counter((each.run_id, each.step) for each in record.executions)
    return {
        "runs": len(record.runs),
        "steps": len(memos),
        "attempts": sum(len(run.outcomes) for run in record.runs),
        "attempts_without_answer": sum(run.outcomes.count("broken") for run in record.runs),
        "executions": len(record.executions),
        "executions_repeated": sum(count - 1 for count in ran.values()),
    }


def _of(record: Record, kind: str) -> list[Run]:
    return [run for run in record.runs if run.kind == kind]


def _whole(record: Record, _: list[Sent]) -> Iterator[str]:
    if record.integrity != "ok":
        yield f"the file is damaged: {record.integrity}"


def _all_stored(record: Record, accepted: list[Sent]) -> Iterator[str]:
    stored = Counter(event.id for event in record.events if event.name.startswith("soak/"))
    for sent in accepted:
        if (count := stored[f"{sent.kind}-{sent.key}"]) != 1:
            yield f"event {sent.kind}-{sent.key} was accepted and is stored {count} times"


def _nothing_invented(record: Record, accepted: list[Sent]) -> Iterator[str]:
    sent = {f"{each.kind}-{each.key}" for each in accepted}
    keys = {kind: {each.key for each in accepted if each.kind == kind} for kind in KINDS}
    for event in record.events:
        key = str(event.key)
        if event.name == "soak/child":
            is_known = key.rpartition(".")[0] in keys["fan"]
        elif event.name == "soak/answer":
            is_known = key in keys["waiter"]
        else:
            is_known = event.id in sent or not event.name.startswith("soak/")
        if not is_known:
            yield f"event {event.id} ({event.name}) was sent by nobody"
    parents = {"callee": keys["caller"], "failing-failure": keys["failing"]}
    parents["child"] = {f"{key}.{n}" for key in keys["fan"] for n in range(3)}
    for run in record.runs:
        allowed = parents.get(run.kind, keys.get(run.kind, set()))
        if not set(run.keys) <= allowed:
            yield f"run {run.id} of {run.kind} is for {run.keys}, of whom nobody asked it"


def _nothing_stuck(record: Record, _: list[Sent]) -> Iterator[str]:
    yield from (
        f"{count} rows are left in {table}" for table, count in record.pending.items() if count
    )
    for run in record.runs:
        if not run.is_over:
            steps = [f"{step.name} {step.status}" for step in run.steps]
            yield f"run {run.id} of {run.kind} is {run.status} for ever: {steps}"
    ended = Counter(
        event.run_id for event in record.events if event.name == "inngest/function.finished"
    )
    for run in record.runs:
        expected = run.status != "SKIPPED" and run.kind != "failing-failure"
        if run.is_over and ended[run.id] != expected:
            yield f"run {run.id} of {run.kind} ended, and {ended[run.id]} events tell of it"


def _one_run_each(record: Record, accepted: list[Sent]) -> Iterator[str]:
    started = Counter((run.kind, run.keys[0]) for run in record.runs)
    wanted = {(each.kind, each.key) for each in accepted if each.kind in _EXACT}
    wanted |= {("callee", each.key) for each in accepted if each.kind == "caller"}
    wanted |= {("failing-failure", each.key) for each in accepted if each.kind == "failing"}
    wanted |= {
        ("child", f"{each.key}.{n}") for each in accepted if each.kind == "fan" for n in range(3)
    }
    for kind, key in sorted(wanted):
        if started[kind, key] != 1:
            yield f"{kind} has {started[kind, key]} runs for {key}"
    doubled = Counter((run.kind, key) for run in record.runs for key in run.keys)
    for (kind, key), count in doubled.items():
        if count > 1 and (kind, key) not in wanted:
            yield f"{kind} has {count} runs for {key}"


def _groups(accepted: Iterable[Sent], kind: str) -> dict[str, list[Sent]]:
    groups: defaultdict[str, list[Sent]] = defaultdict(list)
    for each in accepted:
        if each.kind == kind:
            groups[each.group].append(each)
    return groups


def _debounced(record: Record, accepted: list[Sent]) -> Iterator[str]:
    ts = {event.id: event.ts for event in record.events}
    ran = {run.keys[0] for run in _of(record, "debounced")}
    for group, events in _groups(accepted, "debounced").items():
        last = max(ts[f"debounced-{each.key}"] for each in events)
        newest = [each.key for each in events if ts[f"debounced-{each.key}"] == last]
        if not ran.intersection(newest):
            yield f"the last debounced event of {group} ({newest}) has no run"


def _batched(record: Record, accepted: list[Sent]) -> Iterator[str]:
    gathered = Counter(key for run in _of(record, "batched") for key in run.keys)
    for each in accepted:
        if each.kind == "batched" and gathered[each.key] != 1:
            yield f"event batched-{each.key} is in {gathered[each.key]} batches"
    for run in _of(record, "batched"):
        if len(run.keys) > 5:
            yield f"run {run.id} has a batch of {len(run.keys)}, and 5 are allowed"


def _singletons(record: Record, accepted: list[Sent]) -> Iterator[str]:
    for group in _groups(accepted, "single"):
        if not any(
            run.group == group and run.status == "COMPLETED" for run in _of(record, "single")
        ):
            yield f"no run of the singleton {group} completed"
    for group in _groups(accepted, "newest"):
        runs = [run for run in _of(record, "newest") if run.group == group]
        if runs and max(runs, key=lambda run: run.id).status != "COMPLETED":
            yield f"the newest run of the singleton {group} did not complete"


def _once(record: Record, accepted: list[Sent]) -> Iterator[str]:
    ran = Counter(run.group for run in _of(record, "once"))
    for group in _groups(accepted, "once"):
        if ran[group] != 1:
            yield f"once has {ran[group]} runs for {group}"


def _ends(record: Record, _: list[Sent]) -> Iterator[str]:
    for run in record.runs:
        # It has few attempts, and the app may be dead for all of them.
        if run.kind == "failing-failure" and set(run.outcomes) == {"broken"}:
            continue
        if run.is_over and run.status not in _ENDS.get(run.kind, _COMPLETED):
            yield f"run {run.id} of {run.kind} is {run.status}: {run.output!r} {run.outcomes}"


def _memos(record: Record, _: list[Sent]) -> Iterator[str]:
    nonces = {(each.run_id, each.step, each.nonce) for each in record.executions}
    for run in record.runs:
        names = Counter(step.name for step in run.steps)
        if any(count > 1 for count in names.values()) or not names.keys() <= STEPS[run.kind]:
            yield f"run {run.id} of {run.kind} has the steps {dict(names)}"
        if run.status == "COMPLETED" and names.keys() != STEPS[run.kind]:
            yield f"run {run.id} of {run.kind} completed with the steps {sorted(names)} alone"
        done = [step for step in run.steps if step.is_done]
        if sorted(str(step.stack_index) for step in done) != sorted(map(str, range(len(done)))):
            yield f"run {run.id} of {run.kind} has the stack {[s.stack_index for s in done]}"
        for step in done:
            if step.name in _OTHERS:
                continue
            value = step.memo.get("data") if isinstance(step.memo, dict) else None
            nonce = value.get("nonce") if isinstance(value, dict) else None
            given = value.get("value") if isinstance(value, dict) else value
            if given != value_of(step.name, run.keys[0]):
                yield f"run {run.id} of {run.kind}: step {step.name} has the memo {step.memo!r}"
            elif nonce is not None and (run.id, step.name, nonce) not in nonces:
                yield f"run {run.id} of {run.kind}: nobody ran step {step.name} with {nonce}"
        if run.status == "COMPLETED":
            seen = set(_nonces(run.output))
            stored = set(_nonces([step.memo for step in done]))
            if seen != stored:
                yield f"run {run.id} of {run.kind} saw other memos than are stored"


def _done_once(record: Record, _: list[Sent]) -> Iterator[str]:
    ended = {(run.id, step.name): step.ended for run in record.runs for step in run.steps}
    for each in record.executions:
        end = ended.get((each.run_id, each.step))
        # Both are whole milliseconds of one clock.
        if end is not None and each.at > end + 1:
            yield f"run {each.run_id}: step {each.step} ran {each.at - end} ms after it was done"
    for run in record.runs:
        for step in run.steps:
            if run.reported.get(step.id, 0) > 1:
                yield f"run {run.id} of {run.kind}: step {step.name} completed more than once"


def _nonces(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        if "nonce" in value:
            yield value["nonce"]
        for each in value.values():
            yield from _nonces(each)
    elif isinstance(value, list):
        for each in value:
            yield from _nonces(each)


def _bare(value: Json) -> Json:
    """Without the numbers that differ from one execution to the next."""
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if key != "nonce"}
    return [_bare(each) for each in value] if isinstance(value, list) else value
