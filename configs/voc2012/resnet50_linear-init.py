_base_ = './resnet50_e2e.py'

# LinearInit, the paper's second protocol: 25 epochs of the linear layer alone, then end to end from
# its best checkpoint. The schedule of the large loss starts again and label corrections are not
# carried over (our reading; the authors' code for it was not released).
protocol = dict(
    name='voc2012/resnet50_linear-init',
    title='VOC 2012, ResNet-50, LinearInit')
linear_init = dict(config='voc2012/resnet50_linear.py', carry_corrections=False)
