_base_ = [
    '../_base_/models/lite0.py',
    '../_base_/datasets/voc5_128.py',
    '../_base_/schedules/sgd_10e.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=5))
