"""What an audit is worth, measured on labels that are known and were hidden.

`python -m audit_study scores` ranks the hidden labels by many scores, `rounds` trains again on what
an audit found; both need `PYTHONPATH=.:dev`.
"""
