"""A reference practice-management system that serves the generic PMS contract."""
