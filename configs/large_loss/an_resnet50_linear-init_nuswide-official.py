_base_ = './an_resnet50_e2e_nuswide-official.py'

# The paper's second protocol: 25 epochs of the linear layer alone, then end to end
# from its best checkpoint. The schedule of the large loss starts again and label
# corrections are not carried over (our reading; the authors' code for it was not
# released).
linear_init = dict(config='an_resnet50_linear_nuswide-official.py',
                   carry_corrections=False)
