#!/usr/bin/env bash
# Your own data from photographs and a table to a tested model: `examples/own_data.sh FOLDER`, where
# FOLDER holds images/, classes.txt, train.csv, val.csv and test.csv (docs/own_data.md). Writes
# FOLDER/mine.py and below FOLDER/work_dirs.
set -euo pipefail
configs=$(cd "$(dirname "$0")/../configs" && pwd)
cd "${1:?usage: examples/own_data.sh FOLDER}"
count=$(grep -c . classes.txt)
cat > mine.py <<END
_base_ = '$configs/voc5/lite0_linear.py'
model = dict(head=dict(num_classes=$count))
own = dict(_delete_=True, type='LabelTable', data_root='.', data_prefix='images',
           classes='classes.txt', pipeline={{_base_.test_pipeline}})
cache = 'work_dirs/features'
train_dataloader = dict(dataset=dict(
    observe=None, holdout=None, diagnosis=False,
    dataset=dict(cache=cache, dataset=dict(ann_file='train.csv', **own))))
val_dataloader = dict(dataset=dict(
    holdout=None, dataset=dict(cache=cache, dataset=dict(ann_file='val.csv', **own))))
test_dataloader = dict(dataset=dict(
    holdout=None, dataset=dict(cache=cache, dataset=dict(ann_file='test.csv', **own))))
END
wsml-mm check-dataset mine.py
wsml-mm train mine.py --method ll-r "${@:2}"
wsml-mm test mine.py work_dirs/ll-r_mine/best_*.pth
