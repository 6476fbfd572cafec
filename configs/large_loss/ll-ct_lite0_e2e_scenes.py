_base_ = './an_lite0_e2e_scenes.py'

model = dict(head=dict(loss=dict(type='LargeLossCorrectTemp', delta_rel=0.2)))
