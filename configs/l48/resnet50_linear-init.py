_base_ = './resnet50_e2e.py'

# LinearInit: 25 epochs of the linear layer alone, then end to end from its best checkpoint.
protocol = dict(name='l48/resnet50_linear-init', title='L48, ResNet-50, LinearInit')
linear_init = dict(config='l48/resnet50_linear.py', carry_corrections=False)
