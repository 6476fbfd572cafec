# A linear layer on frozen features.
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = []
train_cfg = dict(by_epoch=True, max_epochs=25, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=16, enable=False)
