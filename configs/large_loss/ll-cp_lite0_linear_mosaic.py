_base_ = './an_lite0_linear_mosaic.py'

model = dict(head=dict(loss=dict(type='LargeLossCorrectPerm', delta_rel=0.1)))
