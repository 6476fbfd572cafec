_base_ = './an_resnet50_e2e_coco2014.py'

model = dict(head=dict(loss=dict(type='LargeLossCorrectTemp', delta_rel=0.2)))
