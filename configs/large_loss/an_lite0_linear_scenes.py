_base_ = [
    '../_base_/models/linear.py',
    '../_base_/datasets/scenes_features.py',
    '../_base_/schedules/linear_25e.py',
    '../_base_/default_runtime.py',
]

optim_wrapper = dict(optimizer=dict(lr=3e-3))
