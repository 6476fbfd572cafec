"""`python -m wsml_mm COMMAND ...` is `wsml-mm COMMAND ...`, at the cost of the package's import."""

from wsml_mm_cli.main import main

if __name__ == '__main__':
    main()
