"""Says how a long command is getting on: a bar on a terminal, a plain line now and then elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from classifiers.training.fit import Step

LINE_EVERY_S = 30.0

console = Console(stderr=True, highlight=False)


def say(message: str) -> None:
    """One line with the time of day, on standard error."""
    console.print(f"{time.strftime('%H:%M:%S')} {message}", markup=False, soft_wrap=True)


@contextmanager
def steps(name: str) -> Iterator[Callable[[Step], None]]:
    """What `fit` tells its steps to."""
    if console.is_terminal:
        with _bar(name) as tell:
            yield tell
    else:
        yield _lines(name)


@contextmanager
def _bar(name: str) -> Iterator[Callable[[Step], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(name)

        def tell(step: Step) -> None:
            done = (step.epoch - 1) * step.of_steps + step.number
            about = f"{name}: epoch {step.epoch}/{step.of_epochs}, loss {step.loss:.2f}"
            progress.update(task, completed=done, total=step.of_epochs * step.of_steps, description=about)

        yield tell


def _lines(name: str) -> Callable[[Step], None]:
    last = time.monotonic()

    def tell(step: Step) -> None:
        nonlocal last
        if step.number == step.of_steps or time.monotonic() - last >= LINE_EVERY_S:
            last = time.monotonic()
            say(
                f"{name}: epoch {step.epoch}/{step.of_epochs}, step {step.number}/{step.of_steps}, "
                f"loss {step.loss:.3f}, {step.seconds:.0f} s"
            )

    return tell
