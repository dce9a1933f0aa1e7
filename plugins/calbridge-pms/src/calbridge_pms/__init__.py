"""calbridge provider for practice-management systems that speak the generic PMS contract."""
