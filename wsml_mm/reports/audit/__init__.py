from .asked_pairs import Pairs, read_pairs
from .audit_cams import AuditCams
from .review_page import AuditPages, Cams, write_page

__all__ = ['AuditCams', 'AuditPages', 'Cams', 'Pairs', 'read_pairs', 'write_page']
