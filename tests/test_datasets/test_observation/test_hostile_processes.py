"""Arguments of observation processes that are refused."""

from __future__ import annotations

from hostile import Case, Prepare, refusals
from hostile_masks import LABELS, observing

from wsml_mm import BiasedSinglePositive, KeepRatio, KnownPerClass, ObserveCounts


def rates(content: str | bytes, name: str = 'rates.csv') -> Prepare:
    def make(folder):
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
        return observing(lambda folder: BiasedSinglePositive(folder / name))(folder)

    return make


NO_RATES = 'rates.{}: ... .json ... .csv of NAME,NUMBER lines ( ... {} ... correct the file'
# fmt: off
RATES = [
    Case('rates missing', observing(lambda folder: BiasedSinglePositive(folder / 'rates.csv')),
         FileNotFoundError, 'rates.csv: no such ... check the path'),
    Case('rates of another class', rates('cat,1\ndog,2\nelk,3\ncow,4\n'), ValueError,
         "rates= ... rates.csv: ... 'cow' (1 unknown, 0 missing of 3) ... name every"),
    Case('rates without a class', rates('{"cat": 1}', 'rates.json'), ValueError,
         "rates= ... rates.json: ... 'dog' (0 unknown, 2 missing of 3) ... name every"),
    *(
        Case(f'rates {kind}', rates(content, f'rates.{end}'), ValueError,
             NO_RATES.format(end, says))
        for kind, (end, content, says) in {
            'in three columns': ('csv', 'cat,1,2\n', 'line 1 has 3 columns'),
            'of words': ('csv', 'cat,1\ndog,often\n', 'often'),
            'twice': ('csv', 'cat,1\ndog,2\ncat,3\n', "line 3 repeats 'cat'"),
            'in Latin-1': ('csv', 'Bäume,1\n'.encode('latin-1'), 'UnicodeDecodeError'),
            'of half a JSON': ('json', '{"cat": ', 'JSONDecodeError'),
            'of one number': ('json', '3', 'int'),
        }.items()
    ),
    *(
        Case(f'rates {kind}', observing(lambda folder, given=given: BiasedSinglePositive(given)),
             ValueError, says)
        for kind, (given, says) in {
            'for two classes': ([1, 2], 'rates: ... (2,) ... 3 classes ... give one a class'),
            'of text in a list': ([1, 'x', 2], 'rates: ... (ValueError: ... give numbers only'),
            'nested': ([[1], [2, 3]], 'rates: ... (ValueError: ... give numbers only'),
            'below 0': ([1, -2, 1], 'rates: ... -2, ... at least 0'),
            'all 0': ([0, 0, 0], 'rates: ... 0, ... 0; ... some class has one'),
            'of infinity': ([1, 1, float('inf')], 'rates: ... not finite ... give one a class'),
            'of NaN': ({'cat': 1, 'dog': float('nan'), 'elk': 1},
                       'rates: ... not finite ... give one a class'),
        }.items()
    ),
    Case('rates by name without names',
         lambda folder: lambda: BiasedSinglePositive({'cat': 1})(LABELS), ValueError,
         'rates: ... class names ... give C numbers in class order'),
    Case('unrated unknown', lambda folder: lambda: BiasedSinglePositive(1, unrated='any'),
         ValueError, 'unrated=\'any\' ... use "none" or "uniform"'),
]
NUMBERS = [
    Case('ratio 1.5', lambda folder: lambda: KeepRatio(1.5), ValueError, 'ratio=1.5 ... 0..1'),
    Case('ratio NaN', lambda folder: lambda: KeepRatio(float('nan')), ValueError,
         'ratio=nan ... 0..1'),
    Case('draws unknown', lambda folder: lambda: KeepRatio(0.5, draws='cuda'), ValueError,
         "draws='cuda' ... use one of ['known', 'numpy', 'torch']"),
    Case('number a class of 1.5', observing(lambda folder: KnownPerClass(1.5, 0)), ValueError,
         'num_pos: 1.5 ... labels ... use a count, or -1'),
    Case('number a class of -2', observing(lambda folder: KnownPerClass(1, [0, 0, -2])),
         ValueError, 'num_neg: -2 ... labels ... use a count, or -1'),
    Case('count -2', lambda folder: lambda: ObserveCounts(num_pos=-2), ValueError,
         'num_pos=-2, num_neg=0 ... use a count, or -1'),
]
# fmt: on
test_refusal = refusals(*RATES, *NUMBERS)
