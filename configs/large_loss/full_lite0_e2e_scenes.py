_base_ = './an_lite0_e2e_scenes.py'

# Every label observed: the upper bound.
train_dataloader = dict(dataset=dict(observe=None))
