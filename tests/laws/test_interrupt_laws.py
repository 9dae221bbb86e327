"""When is Ctrl-C heard? Afterwards, where it is held back; as ever, everywhere else."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from markovgpt.interrupts import interrupts_held_back, interrupts_noted
from markovgpt.kernels import compiled


@pytest.fixture(autouse=True)
def _handler() -> Iterator[None]:
    """The handler of Ctrl-C is that of Python again, whatever a test left."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_noted_interrupt_is_not_raised() -> None:
    """It stands in the list, as often as it came, and the next one is raised again."""
    with interrupts_noted() as noted:
        press()
        press()
    assert len(noted) == 2
    with pytest.raises(KeyboardInterrupt):
        press()


def test_interrupt_that_is_held_back_is_raised_at_the_end() -> None:
    """After the last line inside."""
    done = []

    def work() -> None:
        with interrupts_held_back():
            press()
            done.append(True)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done


def test_nothing_is_raised_where_nothing_was_pressed() -> None:
    """And the handler is the same as before."""
    with interrupts_held_back():
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_error_inside_wins() -> None:
    """And the handler is the same as before."""

    def work() -> None:
        with interrupts_held_back():
            press()
            raise ValueError("the news")

    with pytest.raises(ValueError, match="the news"):
        work()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_interrupts_are_held_back_as_long_as_the_outermost_says() -> None:
    """What the inner one hands on, the outer one notes."""
    with interrupts_noted() as noted:
        with interrupts_held_back():
            press()
        assert len(noted) == 1


def test_handler_of_another_is_asked_afterwards() -> None:
    """A notebook's, say: it gets the signal, and decides."""
    heard: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    with interrupts_held_back():
        press()
        assert not heard
    assert heard == [signal.SIGINT]


def test_ignored_interrupt_stays_ignored() -> None:
    """A process in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interrupts_held_back(), interrupts_noted() as noted:
        press()
    assert noted == []


def test_other_threads_change_nothing() -> None:
    """Only the main thread may set a handler, and only it hears the signal."""
    handlers = []

    def work() -> None:
        with interrupts_held_back():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]


def test_compiler_is_loaded_whole_before_an_interrupt_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C as the first thing that its import does."""
    import builtins

    load, names = builtins.__import__, []

    def loading(name: str, *rest: object) -> object:
        if name.startswith("numba"):
            press()
            names.append(name)
        return load(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", loading)
    with pytest.raises(KeyboardInterrupt):
        compiled.load_compiler()
    assert names
