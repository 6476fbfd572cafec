from wsml_mm.cli.compare import main

main()
