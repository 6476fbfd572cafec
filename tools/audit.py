from wsml_mm_cli.main import run

if __name__ == '__main__':
    run('audit')
