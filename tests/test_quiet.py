from __future__ import annotations

import logging

import pytest
from mmengine.logging import MMLogger

from wsml_mm.quiet import quiet


def test_messages_below_warnings_are_silent_and_nesting_keeps_them_so(caplog):
    log = logging.getLogger('a tool')
    with caplog.at_level(logging.INFO):
        log.info('before')
        with quiet():
            with quiet():
                log.info('within')
            log.info('between')
            log.warning('heed this')
        log.info('after')
    assert caplog.messages == ['before', 'heed this', 'after']


def test_an_error_ends_the_silence():
    with pytest.raises(KeyError), quiet():
        raise KeyError
    assert logging.getLogger('a tool').isEnabledFor(logging.CRITICAL)
    assert logging.root.manager.disable == logging.NOTSET


def test_a_logger_of_mmengine_that_has_spoken_is_silenced_as_well(capsys):
    log = MMLogger.get_instance('spoke', log_level='INFO')
    log.info('before')
    with quiet():
        log.info('within')
    log.info('after')
    printed = ''.join(capsys.readouterr())
    assert 'before' in printed
    assert 'within' not in printed
    assert 'after' in printed
