# The embedded default: composed scenes (drawn on first use) at their own 128 px.
_base_ = './features.py'

test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='PackInputs'),
]
source = dict(
    type='ComposedScenes',
    data_root='{{$WSML_DATA:data}}/composed_scenes',
    pipeline=test_pipeline)
cached = dict(dataset=source, cache='work_dirs/features/scenes_lite0')
train_dataloader = dict(dataset=dict(dataset=cached))
val_dataloader = dict(dataset=dict(dataset=cached))
test_dataloader = dict(dataset=dict(dataset=cached))
