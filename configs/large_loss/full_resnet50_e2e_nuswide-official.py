_base_ = './an_resnet50_e2e_nuswide-official.py'

# Every label observed: the upper bound.
train_dataloader = dict(dataset=dict(observe=None))
