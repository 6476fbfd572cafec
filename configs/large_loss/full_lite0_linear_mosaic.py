_base_ = './an_lite0_linear_mosaic.py'

# Every label observed: the upper bound.
train_dataloader = dict(dataset=dict(observe=None))
