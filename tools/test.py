from wsml_mm.cli.test import main

main()
