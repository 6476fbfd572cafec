_base_ = './an_resnet50_linear_coco2014.py'

model = dict(head=dict(loss=dict(type='LargeLossCorrectPerm', delta_rel=0.2)))
