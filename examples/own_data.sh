#!/usr/bin/env bash
# Your own data from photographs and a table to a tested model: `examples/own_data.sh FOLDER`, where
# FOLDER holds images and tables as `wsml-mm init` finds them, e.g. images/, classes.txt, train.csv,
# val.csv and test.csv (docs/own_data.md). Writes FOLDER/mine.py and below FOLDER/work_dirs.
set -euo pipefail
cd "${1:?usage: examples/own_data.sh FOLDER}"
wsml-mm init . --out mine.py
wsml-mm check-dataset mine.py
wsml-mm train mine.py --method ll-r "${@:2}"
wsml-mm test mine.py work_dirs/ll-r_mine/best_*.pth
