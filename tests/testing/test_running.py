"""`run_handler` behaves as the server does, seen from the handler."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import inngest
import pytest

from mainstem.catalog import (
    Catalog,
    Definition,
    EventData,
    NonRetriableError,
    RetryAfterError,
    Run,
    StepError,
    define,
    event,
)
from mainstem.errors import BadEventData, NotBound
from mainstem.testing import NeverEnds, Unanswered, run_handler


class Asked(EventData, name="test/asked"):
    number: int


class Approved(EventData, name="test/approved"):
    by: str


@dataclass(frozen=True)
class Row:
    id: UUID
    seen_at: datetime
    number: int


@dataclass
class Shelf:
    """Services that remember what was done to them."""

    calls: list[str] = field(default_factory=list)

    async def load(self, number: int) -> Row:
        self.calls.append("load")
        return Row(id=UUID(int=number), seen_at=datetime(2026, 1, 1, tzinfo=UTC), number=number)

    def store(self, row: Row, *, note: str) -> int:
        self.calls.append(f"store {row.number} {note}")
        return row.number + 1


@define(id="keep-row", on=event(Asked))
async def keep_row(run: Run[Asked], shelf: Shelf) -> Row:
    row = await run.step("load-row", shelf.load, run.data.number)
    assert isinstance(row.id, UUID)
    stored = await run.step("store-row", shelf.store, row, note="new")
    return Row(id=row.id, seen_at=row.seen_at, number=stored)


async def test_values_come_out_of_steps_and_runs_as_the_types_they_were() -> None:
    result = await run_handler(keep_row, Asked(number=4), Shelf())
    assert result.output == Row(UUID(int=4), datetime(2026, 1, 1, tzinfo=UTC), 5)


async def test_the_handler_starts_from_the_top_after_every_step_and_each_step_runs_once() -> None:
    shelf = Shelf()
    result = await run_handler(keep_row, Asked(number=4), shelf)
    assert shelf.calls == ["load", "store 4 new"]
    assert (result.calls, result.step_ids) == (3, ["load-row", "store-row"])


async def test_a_lost_result_has_the_step_done_again() -> None:
    shelf = Shelf()
    await run_handler(keep_row, Asked(number=4), shelf, lose=["load-row"])
    assert shelf.calls == ["load", "load", "store 4 new"]


async def test_a_step_said_to_have_failed_is_not_called_and_raises_a_step_error() -> None:
    shelf = Shelf()
    with pytest.raises(StepError, match="no such row"):
        await run_handler(keep_row, Asked(number=4), shelf, fail={"load-row": "no such row"})
    assert shelf.calls == []


async def test_an_error_that_leaves_a_step_reaches_the_test_as_it_was_raised() -> None:
    class Broken(Shelf):
        async def load(self, number: int) -> Row:
            raise LookupError(f"no {number}")

    with pytest.raises(LookupError, match="no 4"):
        await run_handler(keep_row, Asked(number=4), Broken())


async def test_a_failing_step_is_tried_as_often_as_the_test_allows() -> None:
    class Moody(Shelf):
        async def load(self, number: int) -> Row:
            row = await super().load(number)
            if len(self.calls) < 3:
                raise ConnectionError("busy")
            return row

    shelf = Moody()
    await run_handler(keep_row, Asked(number=4), shelf, attempts=3)
    assert shelf.calls == ["load", "load", "load", "store 4 new"]


async def test_a_final_error_is_not_tried_again() -> None:
    calls: list[int] = []

    @define(id="give-up", on=event(Asked))
    async def give_up(run: Run[Asked], services: None) -> None:
        calls.append(run.attempt)
        raise NonRetriableError("gone")

    with pytest.raises(NonRetriableError, match="gone"):
        await run_handler(give_up, Asked(number=1), None, attempts=5)
    assert calls == [0]


async def test_a_handler_that_asks_for_a_later_try_gets_one() -> None:
    @define(id="later", on=event(Asked))
    async def later(run: Run[Asked], services: None) -> int:
        if run.attempt == 0:
            raise RetryAfterError("later", timedelta(seconds=9))
        return run.attempt

    assert (await run_handler(later, Asked(number=1), None, attempts=2)).output == 1


async def test_a_handled_step_failure_lets_the_run_go_on() -> None:
    @define(id="cope", on=event(Asked))
    async def cope(run: Run[Asked], shelf: Shelf) -> str:
        try:
            await run.step("load", shelf.load, run.data.number)
        except StepError as error:
            return str(error)
        return "fine"

    class Broken(Shelf):
        async def load(self, number: int) -> Row:
            raise LookupError("nothing there")

    assert (await run_handler(cope, Asked(number=1), Broken())).output == "nothing there"


@define(id="say-so", on=event(Asked))
async def say_so(run: Run[Asked], services: None) -> list[str]:
    first = await run.send("tell-one", Approved(by="one"))
    return first + await run.send("tell-all", [Approved(by="a"), Approved(by="b")])


async def test_sent_events_carry_ids_made_of_run_step_and_number() -> None:
    result = await run_handler(say_so, Asked(number=1), None, run_id="r7")
    assert [sent.id for sent in result.sent] == ["r7:tell-one:0", "r7:tell-all:0", "r7:tell-all:1"]
    assert result.sent[0].data == {"by": "one"}
    assert result.output == [sent.id for sent in result.sent]


async def test_events_sent_twice_under_one_id_count_once() -> None:
    result = await run_handler(say_so, Asked(number=1), None, lose=["tell-all"])
    assert len(result.sent) == 3


async def test_a_step_id_used_for_a_second_send_gives_other_event_ids() -> None:
    @define(id="again", on=event(Asked))
    async def again(run: Run[Asked], services: None) -> None:
        await run.send("tell", Approved(by="a"))
        await run.send("tell", Approved(by="b"))

    result = await run_handler(again, Asked(number=1), None, run_id="r")
    assert [sent.id for sent in result.sent] == ["r:tell:0", "r:tell:1:0"]
    assert result.step_ids == ["tell", "tell:1"]


async def test_an_empty_list_of_events_is_no_step() -> None:
    @define(id="nothing", on=event(Asked))
    async def nothing(run: Run[Asked], services: None) -> list[str]:
        return await run.send("tell", [])

    result = await run_handler(nothing, Asked(number=1), None)
    assert (result.output, result.steps, result.sent) == ([], (), ())


async def test_events_beyond_one_request_are_sent_in_several() -> None:
    @define(id="flood", on=event(Asked))
    async def flood(run: Run[Asked], services: None) -> int:
        return len(await run.send("tell", [Approved(by="x")] * 5_001))

    assert (await run_handler(flood, Asked(number=1), None)).output == 5_001


async def test_an_event_made_round_its_checks_is_refused_before_it_leaves() -> None:
    @define(id="smuggle", on=event(Asked))
    async def smuggle(run: Run[Asked], services: None) -> None:
        await run.send("tell", Approved.model_construct(by=7))  # type: ignore[arg-type]  # the mistake meant

    with pytest.raises(BadEventData, match="'by'"):
        await run_handler(smuggle, Asked(number=1), None)


async def test_sleeps_end_at_once_and_say_until_when_they_were() -> None:
    until = datetime(2030, 1, 1, tzinfo=UTC)

    @define(id="rest", on=event(Asked))
    async def rest(run: Run[Asked], services: None) -> None:
        await run.sleep("a-while", timedelta(hours=1))
        await run.sleep_until("new-year", until)

    first, second = (await run_handler(rest, Asked(number=1), None)).slept
    assert timedelta(0) < first.until - datetime.now(UTC) <= timedelta(hours=1)
    assert (second.step_id, second.until) == ("new-year", until)


async def test_sleeping_until_a_naive_moment_is_refused() -> None:
    @define(id="rest", on=event(Asked))
    async def rest(run: Run[Asked], services: None) -> None:
        await run.sleep_until("when", datetime(2030, 1, 1))  # noqa: DTZ001  the mistake meant

    with pytest.raises(NonRetriableError, match="no time zone"):
        await run_handler(rest, Asked(number=1), None)


@define(id="await-approval", on=event(Asked))
async def await_approval(run: Run[Asked], services: None) -> str | None:
    answer = await run.wait_for_event("approval", Approved, timeout=timedelta(days=1), if_="true")
    return answer.by if answer else None


@pytest.mark.parametrize(
    ("answers", "output"), [({}, None), ({"approval": Approved(by="me")}, "me")]
)
async def test_a_wait_gives_the_event_or_none(
    answers: dict[str, object], output: str | None
) -> None:
    result = await run_handler(await_approval, Asked(number=1), None, answers=answers)
    assert result.output == output


@define(id="delegate", on=event(Asked))
async def delegate(run: Run[Asked], shelf: Shelf) -> Row:
    return await run.invoke("ask", keep_row, Asked(number=2), timeout=timedelta(minutes=1))


BOTH: Catalog[Shelf] = Catalog([keep_row, delegate])
ROW = Row(uuid4(), datetime(2026, 1, 1, tzinfo=UTC), 9)


async def test_an_invocation_gives_the_typed_result_of_the_other_function() -> None:
    result = await run_handler(
        delegate, Asked(number=1), Shelf(), catalog=BOTH, answers={"ask": ROW}
    )
    assert result.output == ROW


async def test_a_failed_invocation_raises_a_step_error() -> None:
    with pytest.raises(StepError, match="it broke"):
        await run_handler(
            delegate,
            Asked(number=1),
            Shelf(),
            catalog=BOTH,
            answers={"ask": LookupError("it broke")},
        )


async def test_an_invocation_without_an_answer_says_which_step_needs_one() -> None:
    with pytest.raises(Unanswered, match=r"answers=\{'ask': …\}"):
        await run_handler(delegate, Asked(number=1), Shelf(), catalog=BOTH)


async def test_invoking_a_definition_that_is_not_bound_is_refused() -> None:
    with pytest.raises(NotBound, match=r"Cannot invoke 'keep-row': it is not among"):
        await run_handler(delegate, Asked(number=1), Shelf())


async def test_parallel_branches_are_planned_and_their_results_come_in_order() -> None:
    @define(id="both", on=event(Asked))
    async def both(run: Run[Asked], shelf: Shelf) -> list[int]:
        row, number = await run.parallel(
            lambda: run.step("left", shelf.load, 1), lambda: run.step("right", _double, 4)
        )
        return [row.number, number, *await run.parallel(lambda: run.step("last", _double, 1))]

    result = await run_handler(both, Asked(number=1), Shelf(), lose=["right"])
    assert result.output == [1, 8, 2]
    assert sorted(result.step_ids) == ["last", "left", "right"]


async def _double(number: int) -> int:
    return number * 2


async def test_a_batch_hands_over_all_its_events_in_order() -> None:
    @define(id="add", on=event(Asked), batch=inngest.Batch(max_size=10))
    async def add(run: Run[Asked], services: None) -> list[int]:
        assert run.data == run.events[0]
        return [one.number for one in run.events]

    result = await run_handler(add, [Asked(number=1), Asked(number=2)], None)
    assert result.output == [1, 2]


async def test_a_run_knows_itself() -> None:
    @define(id="who", on=event(Asked))
    async def who(run: Run[Asked], services: None) -> dict[str, str]:
        run.logger.debug("here")
        return {"run": run.id, "fn": run.function_id, "name": run.event_name, "id": run.event_id}

    result = await run_handler(who, Asked(number=1), None, run_id="r1", event_id="e1")
    assert result.output == {"run": "r1", "fn": "who", "name": "test/asked", "id": "e1"}


async def test_a_handler_without_an_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstem.testing.runner._MOST_CALLS", 5)

    @define(id="endless", on=event(Asked))
    async def endless(run: Run[Asked], services: None) -> None:
        for n in range(100):
            await run.step(f"step-{n}", _double, n)

    with pytest.raises(NeverEnds, match="5 times"):
        await run_handler(endless, Asked(number=1), None)


def test_a_definition_is_a_plain_value_that_a_test_can_look_at() -> None:
    assert isinstance(keep_row, Definition)
    assert keep_row.place.startswith(f"{__name__}:")
