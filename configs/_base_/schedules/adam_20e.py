# OpenImages as the paper has it: 20 epochs at 2e-5, the last layer ten times faster. That the
# optimiser is Adam is our reading; batches of 288 are from second-hand reports.
_base_ = './adam_10e.py'

optim_wrapper = dict(optimizer=dict(lr=2e-5))
train_cfg = dict(max_epochs=20)
auto_scale_lr = dict(base_batch_size=288)
