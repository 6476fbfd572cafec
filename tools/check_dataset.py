from wsml_mm.cli.check_dataset import main
from wsml_mm.cli.command import run

if __name__ == '__main__':
    run(main)
