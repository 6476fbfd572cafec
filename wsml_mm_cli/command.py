"""How every command ends: a foreseeable error is one line, any other keeps its traceback."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator

DEBUG = 'WSML_DEBUG'  # environment variable: show the traceback of every error
FAILED, INTERRUPTED = 2, 130  # exit codes; 1 says that a run or a data set is not as it should be

# Packages that say in words what is wrong with a config, a name or a file, where they raise.
_SPEAKING = ('wsml_mm', 'mmengine', 'mmpretrain')
# Where Python finds what is wrong with a config: an argument that a part does not take, its syntax.
_READING = {TypeError: 'mmengine.registry', SyntaxError: 'mmengine.config'}
_OF_A_WORKER = 'Original Traceback (most recent call last)'  # of torch, within the message


def run(main: Callable[[], None]) -> None:
    """Runs a command; an error that is foreseeable ends it with one line and exit code 2.

    Foreseeable are refusals of the system (no such file, disk full), and errors that this package
    or MMEngine raises in words of its own. All others are faults of a program and keep their
    traceback, as all do with WSML_DEBUG=1. Ctrl-C ends a command quietly with exit code 130.

    Args:
        main: of a module of `wsml_mm.cli`, or what calls it.

    Raises:
        SystemExit: with the exit code.
    """
    try:
        main()
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    except Exception as error:
        if os.environ.get(DEBUG, '') not in ('', '0') or not is_foreseeable(error):
            raise
        print(f'error: {text_of(error)}', file=sys.stderr)
        raise SystemExit(FAILED) from None


def is_foreseeable(error: BaseException) -> bool:
    """Tells whether an error's own text says all there is to know."""
    return isinstance(error, OSError) or any(_speaks(part) for part in _chain(error))


def text_of(error: BaseException) -> str:
    """Returns the text of an error as one line."""
    if _OF_A_WORKER in str(error):
        return str(error).strip().splitlines()[-1].strip()
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    line = ' '.join(text.split())
    if isinstance(error, OSError) or (_is_worded(error) and _package(error) == 'wsml_mm'):
        return line
    return f'{type(error).__name__}: {line} ({DEBUG}=1 shows the traceback)'


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yields an error and those it was made from."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _package(error: BaseException) -> str:
    """Returns the top package of the code that raised an error."""
    return (_modules(error) or [''])[-1].partition('.')[0]


def _modules(error: BaseException) -> list[str]:
    """Returns the packages or modules that an error passed, that which raised it last."""
    names = [frame.f_globals for frame, _ in traceback.walk_tb(error.__traceback__)]
    # A module that is run is called `__main__`, and has its package.
    return [str(name.get('__package__') or name.get('__name__') or '') for name in names]


def _speaks(error: BaseException) -> bool:
    """Tells whether an error was raised in words, by a package that words its errors for users."""
    if _OF_A_WORKER in str(error):
        lines = [*str(error).splitlines(), '']
        places = [n for n, line in enumerate(lines) if line.lstrip().startswith('File "')][-1:]
        ours = os.path.dirname(getattr(sys.modules.get('wsml_mm'), '__file__', None) or '?')
        return any(ours in lines[n] and lines[n + 1].lstrip().startswith('raise ') for n in places)
    for kind, place in _READING.items():
        if isinstance(error, kind) and any(name.startswith(place) for name in _modules(error)):
            return kind is SyntaxError or 'argument' in str(error)
    return _is_worded(error) and _package(error) in _SPEAKING


def _is_worded(error: BaseException) -> bool:
    """Tells whether an error comes from a `raise`, and not from an operation that failed."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and (frames[-1].line or '').startswith('raise ')
