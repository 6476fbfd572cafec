_base_ = './resnet101_e2e.py'

# LinearInit, the paper's second protocol: 25 epochs of the linear layer alone, then end to end from
# its best checkpoint. The schedule of the large loss starts again and label corrections are not
# carried over (our reading; the authors' code for it was not released).
protocol = dict(
    name='openimages-v3/resnet101_linear-init',
    title='OpenImages V3, ResNet-101, LinearInit')
linear_init = dict(config='openimages-v3/resnet101_linear.py', carry_corrections=False)
