from wsml_mm.cli.command import run
from wsml_mm.cli.draw_cams import main

if __name__ == '__main__':
    run(main)
