_base_ = './an_lite0_e2e_scenes.py'

model = dict(head=dict(loss=dict(type='LargeLossReject', delta_rel=0.2)))
