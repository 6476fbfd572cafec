from wsml_mm.cli.train import main

main()
