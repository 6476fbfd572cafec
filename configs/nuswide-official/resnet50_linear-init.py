_base_ = './resnet50_e2e.py'

# LinearInit, the paper's second protocol: 25 epochs of the linear layer alone, then end to end from
# its best checkpoint. The schedule of the large loss starts again and label corrections are not
# carried over (our reading; the authors' code for it was not released).
protocol = dict(
    name='nuswide-official/resnet50_linear-init',
    title="NUS-WIDE (the owners' lists), ResNet-50, LinearInit")
linear_init = dict(config='nuswide-official/resnet50_linear.py', carry_corrections=False)
