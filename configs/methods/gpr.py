# GPR (ICCV 2025) without CLIP: large losses as of LL-Ct are its pseudo-labels. It is "GPR with
# large-loss labels" and not AEVLP; `loss.pseudo_labels` takes any others from a file.
aevlp = 'https://github.com/Fsoft-AIC/AEVLP'
steep = dict(w=(0, 10), b=(-2, -8), mu=(0.5, 0.8), sigma=(2, 0.5), q2=0.01, q3=1)
nus = dict(
    steep, bounds=(0.5, 0.7),
    extra=[dict(type='ExpectedPositives', expected_num_pos=1.9, loss_weight=0.001)])
method = dict(
    key='gpr',
    title='GPR (large losses)',
    colour='#084081',
    marker='h',
    loss=dict(type='GPRLoss', pseudo_labels='large-loss', delta_rel=0.2),
    grid={'loss.delta_rel': [0.1, 0.2, 0.4]},
    published={
        'voc2012': dict(
            loss=dict(
                w=(0, 2), b=(-2, -2), mu=(0.5, 0.8), sigma=(2, 0.5), q2=0.01, q3=1,
                bounds=(0.4, 0.7),
                extra=[dict(type='ExpectedPositives', expected_num_pos=1.5, loss_weight=0.05)]),
            source=aevlp),
        'coco2014': dict(
            loss=dict(
                steep, bounds=(0.5, 0.7),
                extra=[dict(type='ExpectedPositives', expected_num_pos=2.9, loss_weight=0.001)]),
            source=aevlp),
        # They name one NUS-WIDE.
        'nuswide-cole': dict(loss=nus, source=aevlp),
        'nuswide-official': dict(loss=nus, source=aevlp),
        'cub200': dict(
            loss=dict(
                steep, q3=1.5, bounds=(0.2, 0.8),
                extra=[dict(type='ExpectedPositives', expected_num_pos=31.4, loss_weight=0.01)]),
            source=aevlp),
    })
