# The authors' setting for COCO and NUS-WIDE: Adam at 1e-5 for 10 epochs of batches of 16, constant
# rate, the last layer ten times faster.
_base_ = './sgd_10e.py'

optim_wrapper = dict(optimizer=dict(_delete_=True, type='Adam', lr=1e-5))
