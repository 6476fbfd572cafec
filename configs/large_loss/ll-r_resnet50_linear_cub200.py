_base_ = './an_resnet50_linear_cub200.py'

model = dict(head=dict(loss=dict(type='LargeLossReject', delta_rel=0.4)))
