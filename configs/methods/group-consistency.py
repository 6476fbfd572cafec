# L48's regulariser (NeurIPS 2025): predictions are drawn to the running mean of their recording, clip
# or patient. On LL-R, which it lifts most there; for data sets that know groups. Its weight is
# searched for in the paper and given nowhere: 0.1 is ours, rate=0.001 is the authors' default.
paper = 'https://arxiv.org/abs/2511.00252'
method = dict(
    key='group-consistency',
    title='LL-R + group consistency',
    colour='#F781BF',
    marker='h',
    loss=dict(
        type='LargeLossReject',
        delta_rel=0.2,
        extra=[dict(type='GroupConsistency', loss_weight=0.1, rate=0.001)]),
    published={})
