_base_ = './an_resnet50_linear_nuswide-cole.py'

model = dict(head=dict(loss=dict(type='LargeLossReject', delta_rel=0.4)))
