_base_ = './an_resnet101_e2e_openimages-v3.py'

model = dict(head=dict(
    loss=dict(type='LargeLossCorrectPerm', delta_rel=0.005)))
