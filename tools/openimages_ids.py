from wsml_mm.cli.openimages_ids import main

if __name__ == '__main__':
    main()
