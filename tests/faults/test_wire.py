"""Each fault does what its name says, since the sweep rests on it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from chalicelib.store import db, table
from chalicelib.store.transaction import EXISTS, Transaction
from tests.faults import moto_state
from tests.faults.sweep import Sweep
from tests.faults.wire import FAULTS, Death, Fault

_KEY = table.message("msg_of_the_test")


def _write(sweep: Sweep, fault: Fault) -> Any:
    """A transaction as the first call, which meets the fault; answers what it raised."""
    sweep.wire.arm(1, fault)
    try:
        Transaction().update(_KEY, add={"times": 1}).commit()
    except (Exception, Death) as error:
        return error
    finally:
        sweep.wire.arm()
    return None


def _times() -> int:
    return (db.get(_KEY) or {"times": 0})["times"]


@pytest.mark.parametrize("kind", ["failed", "throttled", "conflict", "timeout before"])
def test_a_fault_of_one_attempt_is_healed_by_the_next_one(sweep: Sweep, kind: str) -> None:
    assert _write(sweep, Fault(kind)) is None
    assert _times() == 1


@pytest.mark.parametrize("fault", [one for one in FAULTS if one.every], ids=str)
def test_a_fault_of_every_attempt_reaches_the_caller(sweep: Sweep, fault: Fault) -> None:
    assert isinstance(_write(sweep, fault), ClientError | ConnectTimeoutError | ReadTimeoutError)
    assert (_times() > 0) == (fault.kind == "timeout after")


@pytest.mark.parametrize(("kind", "times"), [("death before", 0), ("death after", 1)])
def test_after_its_death_a_function_calls_nobody(sweep: Sweep, kind: str, times: int) -> None:
    sweep.wire.arm(1, Fault(kind))
    for _ in range(2):
        with pytest.raises(Death):
            Transaction().update(_KEY, add={"times": 1}).commit()
    sweep.wire.arm()
    assert _times() == times


def test_a_repeated_transaction_is_carried_out_twice_here(sweep: Sweep) -> None:
    """moto knows no ClientRequestToken, so that a lost answer is harder on the product here than on AWS."""
    assert _write(sweep, Fault("timeout after")) is None
    assert _times() == 2


def test_a_failed_transaction_leaves_nothing_behind(sweep: Sweep) -> None:
    """The quick copy of moto's transactions undoes what the whole copy undid."""
    Transaction().put(_KEY, {"times": 1, "names": {"a"}}).commit()
    before = moto_state.items()
    both = Transaction().update(_KEY, add={"times": 1, "names": {"b"}}).put(table.message("other"), {"x": 1})
    with pytest.raises(Exception, match="MSG"):
        both.check(table.message("missing"), EXISTS).commit()
    assert moto_state.items() == before
