"""`swallowed-step-error`: hits and near misses, and what the SDK's interrupts are."""

from collections.abc import Callable

import pytest
from inngest._internal import step_lib
from inngest._internal.step_lib import base

IN_HANDLER = {
    "a bare except": """
        try:
            await run.step("a", load)
        except:  #! swallowed-step-error
            run.logger.warning("no luck")
    """,
    "a bare except that raises again": """
        try:
            await run.step("a", load)
        except:
            run.logger.warning("no luck")
            raise
    """,
    "every error there is, turned into another": """
        try:
            await run.step("a", load)
        except BaseException as error:  #! swallowed-step-error
            raise ValueError("no luck") from error
    """,
    "every error there is, raised again by its name": """
        try:
            await run.step("a", load)
        except BaseException as error:
            run.logger.warning("no luck")
            raise error
    """,
    "an Exception that is passed over": """
        try:
            await run.step("a", load)
        except Exception:  #! swallowed-step-error
            pass
    """,
    "an Exception that is logged and passed over": """
        try:
            await run.step("a", load)
        except Exception as error:  #! swallowed-step-error
            run.logger.warning("no luck: %s", error)
    """,
    "an Exception among others": """
        try:
            await run.step("a", load)
        except (ValueError, Exception):  #! swallowed-step-error
            return None
    """,
    "an Exception that becomes the result": """
        try:
            await run.step("a", load)
        except Exception as error:
            return {"failed": str(error)}
    """,
    "an Exception that is turned into another": """
        try:
            await run.step("a", load)
        except Exception as error:
            raise ValueError("no luck") from error
    """,
    "an Exception, and another step in its place": """
        try:
            found = await run.step("a", load)
        except Exception:  #? swallowed-step-error
            found = await run.step("b", load)
        return found
    """,
    "a StepError that is expected": """
        try:
            await run.step("a", load)
        except StepError:
            return None
    """,
    "an Exception around what is no step": """
        try:
            wanted = int(run.data.n)
        except Exception:
            wanted = 0
        await run.step("a", load, wanted)
    """,
    "an Exception within a step's work": """
        async def work():
            try:
                return await services.load()
            except Exception:
                return None
        await run.step("a", work)
    """,
    "suppress": """
        with contextlib.suppress(Exception):  #! swallowed-step-error
            await run.step("a", load)
    """,
    "suppress of what is expected": """
        with contextlib.suppress(StepError):
            await run.step("a", load)
    """,
    "a return in finally": """
        try:
            await run.step("a", load)
        finally:
            return 1  #! swallowed-step-error
    """,
    "a break of a loop within finally": """
        try:
            await run.step("a", load)
        finally:
            for n in [1, 2]:
                break
    """,
    "a group": """
        try:
            await run.parallel(lambda: run.step("a", load), lambda: run.step("b", load))
        except Exception:  #! swallowed-step-error
            pass
    """,
}


@pytest.mark.parametrize("body", IN_HANDLER.values(), ids=IN_HANDLER)
def test_in_a_definition(body: str, in_handler: Callable[[str], None]) -> None:
    in_handler(body)


def test_a_helper_with_steps_is_a_step(in_module: Callable[[str], None]) -> None:
    in_module("""
        async def helper(run):
            await run.step("inner", load)

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            try:
                await helper(run)
            except Exception:  #! swallowed-step-error
                pass
    """)


@pytest.mark.parametrize("interrupt", [step_lib.ResponseInterrupt, base.NestedStepInterrupt])
def test_the_sdks_interrupts_pass_an_except_of_exception(interrupt: type) -> None:
    """What the rule's two strengths rest on: an SDK that changes this changes the rule."""
    assert issubclass(interrupt, BaseException)
    assert not issubclass(interrupt, Exception)
