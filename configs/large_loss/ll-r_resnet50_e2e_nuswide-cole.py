_base_ = './an_resnet50_e2e_nuswide-cole.py'

model = dict(head=dict(loss=dict(type='LargeLossReject', delta_rel=0.4)))
