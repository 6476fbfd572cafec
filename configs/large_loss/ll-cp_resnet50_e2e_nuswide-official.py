_base_ = './an_resnet50_e2e_nuswide-official.py'

model = dict(head=dict(loss=dict(type='LargeLossCorrectPerm', delta_rel=0.2)))
