from wsml_mm.cli.check_dataset import main

if __name__ == '__main__':
    main()
