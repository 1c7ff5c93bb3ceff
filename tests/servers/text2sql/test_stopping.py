import threading

import pytest

from tao_servers.text2sql.stopping import Stop


def test_cancelling_calls_the_action_once() -> None:
    stop, called = Stop(), []
    with stop.watch(lambda: called.append(1), 60) as watch:
        stop.set()
        stop.set()
    assert called == [1]
    assert (watch.fired, watch.timed_out, stop.is_set) == (True, False, True)


def test_work_that_was_cancelled_before_it_began_is_ended_at_once() -> None:
    stop, called = Stop(), []
    stop.set()
    with stop.watch(lambda: called.append(1), 60):
        assert called == [1]


def test_the_action_is_called_when_the_time_is_over() -> None:
    over = threading.Event()
    with Stop().watch(over.set, 0.01) as watch:
        assert over.wait(10)
    assert (watch.fired, watch.timed_out) == (True, True)


def test_after_the_work_nothing_is_called() -> None:
    stop, called = Stop(), []
    with stop.watch(lambda: called.append(1), 60) as watch:
        pass
    stop.set()
    watch.fire(timed_out=True)
    assert called == []
    assert not watch.fired


def test_an_action_that_fails_is_logged_and_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise OSError("the server is gone")

    stop = Stop()
    with stop.watch(fails, 60):
        stop.set()
    assert "could not be stopped: the server is gone" in caplog.text


def test_the_end_of_the_work_waits_for_the_action() -> None:
    stop, order, begun = Stop(), [], threading.Event()

    def action() -> None:
        begun.set()
        order.append("action")

    setter = threading.Thread(target=stop.set)
    with stop.watch(action, 60):
        setter.start()
        assert begun.wait(10)
    order.append("after")
    setter.join(10)
    assert order == ["action", "after"]
