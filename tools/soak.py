from wsml_mm.cli.soak import main

if __name__ == '__main__':
    main()
