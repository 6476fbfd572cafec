from wsml_mm.cli.command import run
from wsml_mm.cli.pointing_game import main

if __name__ == '__main__':
    run(main)
