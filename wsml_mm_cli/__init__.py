"""The command line: the entry and the parsers of all commands.

It stands outside `wsml_mm`, whose import registers everything and takes seconds, so that `--help`
and usage errors answer at once. Only the standard library is imported here. What a command does
stands in the module of its name in `wsml_mm.cli`.
"""
