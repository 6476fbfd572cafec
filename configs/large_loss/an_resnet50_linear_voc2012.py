_base_ = [
    '../_base_/models/linear.py',
    '../_base_/datasets/voc2012_features.py',
    '../_base_/schedules/linear_25e.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(in_channels=2048))
