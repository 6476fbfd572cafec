"""Published test mAP with a single positive label an image, as its sources give it.

Sources that differ stay side by side: papers copy rows from each other, and two of one method are
up to 5.7 points apart. Which ranking of the methods is right does not follow from any of them.
"""

from .sources import AEVLP, AEVLP_VLPL, BOOSTLU, CRISP, LARGE_LOSS, LINEAR_INIT, SCPNET, VLPL

E2E, LINEAR = 'resnet50_e2e', 'resnet50_linear-init'
# Columns: VOC 2012, COCO 2014, NUS-WIDE, CUB. NUS-WIDE is that of Cole et al., unless said.
DATA = ('voc2012', 'coco2014', 'nuswide-cole', 'cub200')

# Protocol of Cole et al.: ResNet-50, 448 x 448, end to end. (method, source, mAP, deviation)
END_TO_END = (
    ('full', LARGE_LOSS, (90.2, 78.0, 54.5, 32.9), None),
    ('full', BOOSTLU, (89.42, 76.78, 52.08, 30.90), None),
    ('an', LARGE_LOSS, (85.1, 64.1, 42.0, 19.1), None),
    ('an', BOOSTLU, (85.89, 64.92, 42.27, 18.31), None),
    ('an', CRISP, (85.55, 64.33, 42.49, 18.66), (0.29, 0.20, 0.34, 0.09)),
    ('wan', LARGE_LOSS, (86.5, 64.8, 46.3, 20.3), None),
    ('wan', CRISP, (87.14, 65.55, 45.79, 14.62), None),
    ('lsan', LARGE_LOSS, (86.7, 66.9, 44.9, 17.9), None),
    ('lsan', CRISP, (87.55, 67.07, 43.62, 16.45), None),
    ('epr', LARGE_LOSS, (85.5, 63.3, 46.0, 20.0), None),
    ('epr', CRISP, (85.23, 63.60, 45.24, 19.84), None),
    ('role', LARGE_LOSS, (87.9, 66.3, 43.1, 15.0), None),
    ('role', CRISP, (88.09, 67.02, 41.95, 14.80), None),
    ('asl', BOOSTLU, (87.76, 68.78, 46.93, 18.81), None),
    ('ll-r', LARGE_LOSS, (89.2, 71.0, 47.4, 19.5), None),
    ('ll-r', BOOSTLU, (88.27, 70.70, 48.76, 19.56), None),
    ('ll-r', CRISP, (87.78, 70.08, 48.05, 18.97), (0.06, 0.01, 0.07, 0.02)),
    ('ll-ct', LARGE_LOSS, (89.0, 70.5, 48.0, 20.4), None),
    ('ll-ct', BOOSTLU, (87.79, 70.29, 48.08, 19.06), None),
    ('ll-ct', CRISP, (87.05, 70.38, 47.93, 19.01), (0.21, 0.06, 0.01, 0.10)),
    ('ll-cp', LARGE_LOSS, (88.4, 70.7, 48.3, 20.1), None),
    ('ll-cp', BOOSTLU, (87.44, 70.27, 47.92, 19.21), None),
    ('ll-cp', CRISP, (87.47, 70.46, 48.00, 19.31), (0.03, 0.03, 0.08, 0.16)),
    ('boostlu-ll-r', BOOSTLU, (89.29, 72.89, 49.59, 19.80), None),
    ('boostlu-ll-r', CRISP, (89.22, 73.27, 49.59, 19.14), (0.017, 0.006, 0.021, None)),
    ('boostlu-ll-ct', BOOSTLU, (88.61, 71.78, 48.37, 19.25), None),
    ('boostlu-ll-ct', CRISP, (88.53, 71.74, 48.22, 17.95), None),
    ('boostlu-ll-cp', BOOSTLU, (87.81, 71.41, 48.61, 19.34), None),
    ('boostlu-ll-cp', CRISP, (88.36, 70.82, 47.81, 18.17), None),
    # EM and VLPL train on the owners' NUS-WIDE images, which are others: see OFFICIAL_NUSWIDE.
    ('em', AEVLP_VLPL, (89.09, 70.70, None, 20.85), None),
    ('em', CRISP, (88.67, 70.64, 47.25, 20.69), None),
    ('em-apl', AEVLP_VLPL, (89.19, 70.87, None, 21.84), None),
    ('em-apl', CRISP, (88.86, 70.76, 47.78, 21.20), None),
    ('smile', CRISP, (87.31, 70.43, 47.24, 18.61), None),
    ('smile', AEVLP, (86.31, 63.33, 43.61, None), None),
    ('plc', CRISP, (88.02, 70.42, 46.21, 21.84), None),
    ('mime', AEVLP, (89.20, 72.92, 48.74, 21.89), None),
    ('gr', AEVLP, (89.83, 73.17, 49.08, 21.64), None),
    ('crisp', CRISP, (89.82, 74.64, 50.00, 21.65), (0.19, 0.22, 0.32, 0.18)),
    ('vlpl', VLPL, (89.10, 71.45, None, 24.02), None),
    ('aevlp', AEVLP, (90.46, 73.54, 50.70, 24.89), None),
)  # fmt: skip
OFFICIAL_NUSWIDE = (
    ('em', AEVLP_VLPL, 47.15),
    ('em-apl', AEVLP_VLPL, 47.59),
    ('vlpl', VLPL, 49.55),
)
LINEAR_INIT_ROWS = (
    ('full', LINEAR_INIT, (91.1, 77.2, 54.9, 34.0), None),
    ('an', LINEAR_INIT, (86.9, 68.7, 47.6, 20.9), None),
    ('wan', LINEAR_INIT, (87.1, 68.0, 47.5, 21.1), None),
    ('lsan', LINEAR_INIT, (86.5, 69.2, 50.5, 16.6), None),
    ('epr', LINEAR_INIT, (84.9, 66.8, 48.1, 21.2), None),
    ('role', LINEAR_INIT, (88.2, 69.0, 51.0, 16.8), None),
    ('ll-r', LINEAR_INIT, (89.4, 71.9, 49.1, 21.5), None),
    ('ll-ct', LINEAR_INIT, (89.3, 71.6, 49.6, 21.8), None),
    ('ll-cp', LINEAR_INIT, (88.3, 71.0, 49.4, 21.4), None),
)
# Other training and another choice of the model: beside no config of this package.
OTHER_PROTOCOLS = (('scpnet', SCPNET, (91.2, 76.4, 62.0, 25.7), None),)

# (method, data set) -> lowest and highest mAP that the spread of the sources above allows, end to
# end; and of the difference LL-R minus AN, the safer check.
BANDS = {
    ('ll-r', 'voc2012'): (87.7, 89.3),
    ('ll-r', 'coco2014'): (70.0, 71.1),
    ('ll-r', 'nuswide-cole'): (47.3, 48.9),
    ('ll-r', 'cub200'): (18.9, 19.7),
    ('an', 'voc2012'): (85.0, 86.0),
    ('an', 'coco2014'): (64.0, 65.0),
    ('an', 'nuswide-cole'): (41.9, 42.6),
    ('an', 'cub200'): (18.2, 19.2),
}
GAPS = {'voc2012': (2.2, 4.1), 'coco2014': (5.8, 6.9)}
