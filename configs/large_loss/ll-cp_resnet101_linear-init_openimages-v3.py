_base_ = './ll-cp_resnet101_e2e_openimages-v3.py'

# The paper's second protocol: 25 epochs of the linear layer alone, then end to end
# from its best checkpoint. The schedule of the large loss starts again and label
# corrections are not carried over (our reading; the authors' code for it was not
# released).
linear_init = dict(config='ll-cp_resnet101_linear_openimages-v3.py',
                   carry_corrections=False)
