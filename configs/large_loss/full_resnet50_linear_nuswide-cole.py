_base_ = './an_resnet50_linear_nuswide-cole.py'

# Every label observed: the upper bound.
train_dataloader = dict(dataset=dict(observe=None))
