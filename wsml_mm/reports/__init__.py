"""What is shown: figures, tables and pages."""
