from wsml_mm.cli.compare import main

if __name__ == '__main__':
    main()
