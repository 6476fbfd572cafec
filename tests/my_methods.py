"""The losses of docs/add_a_method.md, as a user would have them in a file."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parent.parent / 'docs/add_a_method.md').read_text(encoding='utf-8')
BLOCKS = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)
SETTINGS = [block for block in BLOCKS if 'class ' not in block]  # of configs
COMMANDS = re.findall(r'```bash\n(.*?)```', PAGE, re.DOTALL)

for number, block in enumerate(block for block in BLOCKS if 'class ' in block):
    exec(compile(block, f'docs/add_a_method.md, class {number}', 'exec'), globals())
