# Hill's and SPLC's setting: Adam on a single cycle up to 1e-4, planned for 80 epochs and left after the
# 31st, one rate for all layers, no decay of biases and norms. The authors' cycle also moves Adam's
# first beta (PyTorch's default) and they train in mixed precision (--amp), which is not set here.
optim_wrapper = dict(
    optimizer=dict(type='Adam', lr=1e-4, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0))
param_scheduler = [
    dict(
        type='OneCycleLR',
        eta_max=1e-4,
        total_steps=80,
        pct_start=0.2,
        by_epoch=True,
        convert_to_iter_based=True),
]
train_cfg = dict(by_epoch=True, max_epochs=31, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=128, enable=False)
