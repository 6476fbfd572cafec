"""The losses of docs/add_a_method.md, as a user would have them in a file."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parent.parent / 'docs/add_a_method.md').read_text(encoding='utf-8')
BLOCKS = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)
CODE = [block for block in BLOCKS if 'import' in block or 'class ' in block]

for number, block in enumerate(CODE):
    if not block.startswith('custom_imports'):
        exec(compile(block, f'docs/add_a_method.md, block {number}', 'exec'), globals())
