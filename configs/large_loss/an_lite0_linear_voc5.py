_base_ = [
    '../_base_/models/linear.py',
    '../_base_/datasets/voc5_features.py',
    '../_base_/schedules/linear_25e.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=5))
train_cfg = dict(max_epochs=60)
