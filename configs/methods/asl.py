# ASL (ICCV 2021): easy negatives count little, very easy ones nothing; here all unobserved labels
# are negatives. Its defaults, with the focal weight detached as in its training code; constants for
# single positives are not published, whatever the tables that quote it have used.
method = dict(
    key='asl',
    title='ASL',
    colour='#FB9A99',
    marker='H',
    loss=dict(
        type='PartialAsymmetricLoss', mode='negative', gamma_pos=0, gamma_neg=4,
        gamma_unobserved=4, clip=0.05, detach_focal=True),
    grid={'loss.gamma_unobserved': [1, 2, 4]})
