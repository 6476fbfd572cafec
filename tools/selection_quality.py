from wsml_mm.cli.command import run
from wsml_mm.cli.selection_quality import main

if __name__ == '__main__':
    run(main)
