_base_ = './an_resnet101_linear_openimages-v3.py'

model = dict(head=dict(loss=dict(type='LargeLossCorrectTemp', delta_rel=0.01)))
