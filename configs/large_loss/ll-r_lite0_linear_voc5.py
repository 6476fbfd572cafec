_base_ = './an_lite0_linear_voc5.py'

model = dict(head=dict(loss=dict(type='LargeLossReject', delta_rel=0.2)))
