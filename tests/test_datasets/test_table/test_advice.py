from __future__ import annotations

import pytest

from wsml_mm.datasets.table.advice import Option, advise, in_command_words


@pytest.mark.parametrize(
    ('option', 'python', 'command'),
    [
        (Option('separator', ' '), "separator=' '", "--separator ' '"),
        (Option('columns', {'image': 'my file'}), "columns=dict(image='my file')",
         "--columns 'image=my file'"),
        (Option('columns', {'image': ...}), 'columns=dict(image=...)', '--columns image=...'),
        (Option('signs', {'unobserved': ['blank', '-1']}),
         "signs=dict(unobserved=['blank', '-1'])", '--signs unobserved=blank,-1'),
        (Option('ignored', ['Sex', 'AP/PA']), "ignored=['Sex', 'AP/PA']", '--ignored Sex AP/PA'),
        (Option('classes', ...), 'classes=...', '--classes ...'),
        (Option('image_names', 'file'), "image_names='file'", '--image-names file'),
    ],
)  # fmt: skip
def test_an_option_in_both_words(option, python, command):
    said = advise('say ', option)
    assert said == f'say {python}'
    assert in_command_words(said) == f'say {command}'


def test_a_message_without_options_is_itself():
    assert in_command_words('correct it') == 'correct it'
