_base_ = [
    '../_base_/models/resnet50.py',
    '../_base_/datasets/voc2012_448.py',
    '../_base_/schedules/sgd_10e.py',
    '../_base_/default_runtime.py',
]
